//! Kinds of statements, and the actions of each kind of call.

mod session_token;

use http_body_util::BodyExt as _;
use hyper::Request;
use serde_json::{Value, json};

use super::*;
use crate::{
    runtime::SESSION_TOKEN,
    template::{LocalUrls, Template},
};

const TABLE: &str = "arn:aws:dynamodb:us-east-1:000000000000:table/access-keys";

/// Makes the permissions of one function `f` of these policies, within a boundary.
fn permissions(policies: &str, boundary: &str) -> Permissions {
    let text = format!(
        "
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      KeySchema: [{{AttributeName: PK, KeyType: HASH}}, {{AttributeName: SK, KeyType: RANGE}}]
      GlobalSecondaryIndexes: [{{IndexName: GSI1, KeySchema: [{{AttributeName: GSI1PK, KeyType: HASH}}]}}]
  Pepper: {{Type: 'AWS::SecretsManager::Secret', Properties: {{}}}}
  Boundary: {{Type: 'AWS::IAM::ManagedPolicy', Properties: {{PolicyDocument: {{Statement: [{boundary}]}}}}}}
  F:
    Type: AWS::Serverless::Function
    Properties: {{PermissionsBoundary: !Ref Boundary, Policies: [{{Statement: [{policies}]}}]}}
"
    );
    let template = Template::read(&text, &LocalUrls::default(), &BTreeMap::new()).unwrap();
    Permissions::new(template.roles, Resources::new(&template.tables, &template.secrets))
}

/// Sends a request as function `f`; an empty text if it is allowed, or else the refusal.
async fn judged(permissions: &Permissions, target: &str, body: &str) -> String {
    judged_with(permissions, SESSION_TOKEN, target, body).await
}

async fn judged_with(permissions: &Permissions, session_token: &str, target: &str, body: &str) -> String {
    let identity = "AWS4-HMAC-SHA256 Credential=LOCAL.f.1/20260101/us-east-1/x/aws4_request, Signature=0";
    let mut request = Request::post("/").header("authorization", identity);
    if !session_token.is_empty() {
        request = request.header("x-amz-security-token", session_token);
    }
    if !target.is_empty() {
        request = request.header("x-amz-target", target);
    }
    let (head, ()) = request.body(()).unwrap().into_parts();
    let request = AwsRequest::identify(&head, body.as_bytes());
    let Some(response) = permissions.refuse(&request, body.as_bytes()) else { return String::new() };
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    format!("{status} {}", String::from_utf8_lossy(&body))
}

async fn dynamodb(permissions: &Permissions, operation: &str, body: Value) -> String {
    judged(permissions, &format!("DynamoDB_20120810.{operation}"), &body.to_string()).await
}

fn get(key: &str) -> Value {
    json!({"TableName": "access-keys", "Key": {"PK": {"S": key}, "SK": {"S": "x"}}})
}

const ANYTHING: &str = "{Effect: Allow, Action: '*', Resource: '*'}";
const GET: &str = "{Sid: Get, Effect: Allow, Action: 'dynamodb:GetItem', Resource: !GetAtt Table.Arn}";

#[tokio::test]
async fn a_call_needs_a_policy_and_the_boundary_and_no_denial() {
    let user = "User: arn:aws:sts::000000000000:assumed-role/local-FRole/f";
    let call = format!("is not authorized to perform: dynamodb:GetItem on resource: {TABLE}");
    for (policies, boundary, because) in [
        (GET.to_owned(), ANYTHING, ""),
        (
            "{Effect: Allow, Action: 'DynamoDB:get*', Resource: 'arn:aws:dynamodb:*:table/access-*'}"
                .to_owned(),
            GET,
            "",
        ),
        (String::new(), ANYTHING, "because no identity-based policy allows the dynamodb:GetItem action"),
        (GET.replace("GetItem", "PutItem"), ANYTHING, "because no identity-based policy allows"),
        (
            GET.replace("!GetAtt Table.Arn", "'arn:aws:dynamodb:us-east-1:000000000000:table/other'"),
            ANYTHING,
            "because no identity",
        ),
        (GET.to_owned(), "", "because no permissions boundary allows the dynamodb:GetItem action"),
        (
            format!("{GET}, {}", GET.replace("Allow", "Deny")),
            ANYTHING,
            "with an explicit deny in an identity-based policy",
        ),
        (
            GET.to_owned(),
            "{Effect: Allow, Action: '*', Resource: '*'}, {Effect: Deny, Action: 'dynamodb:*', Resource: '*'}",
            "with an explicit deny in a permissions boundary",
        ),
    ] {
        let refused = dynamodb(&permissions(&policies, boundary), "GetItem", get("a")).await;
        if because.is_empty() {
            assert_eq!(refused, "", "{policies} {boundary}");
        } else {
            let expected = [user, call.as_str(), because, "400 ", "#AccessDeniedException"];
            assert!(expected.iter().all(|part| refused.contains(part)), "{policies} {boundary}: {refused}");
        }
    }
}

#[tokio::test]
async fn leading_keys_are_those_that_a_call_names() {
    let keys = |quantifier: &str, operator: &str| {
        let condition =
            format!("{{'{quantifier}:{operator}': {{'dynamodb:LeadingKeys': ['ORG#????', 'USER#*']}}}}");
        permissions(
            &format!("{{Effect: Allow, Action: 'dynamodb:*', Resource: '*', Condition: {condition}}}"),
            ANYTHING,
        )
    };
    let query = |condition: &str, value: &str| {
        json!({"TableName": "access-keys", "KeyConditionExpression": condition,
            "ExpressionAttributeNames": {"#p": "PK"}, "ExpressionAttributeValues": {":p": {"S": value}}})
    };
    let of_index = |value: &str| {
        let mut query = query("GSI1PK = :p AND GSI1SK < :q", value);
        query["IndexName"] = json!("GSI1");
        query
    };
    let batch = |keys: &[&str]| {
        let keys: Vec<Value> = keys.iter().map(|key| json!({"PK": {"S": key}, "SK": {"S": "x"}})).collect();
        json!({"RequestItems": {"access-keys": {"Keys": keys}}})
    };
    let put = |key: &str| json!({"TableName": "access-keys", "Item": {"PK": {"S": key}, "SK": {"S": "x"}}});
    let all = keys("ForAllValues", "StringLike");
    for (operation, body, allowed) in [
        ("GetItem", get("ORG#abcd"), true),
        ("GetItem", get("ORG#abcd#AUDIT"), false),
        ("GetItem", get("USER#"), true),
        ("DeleteItem", get("OTHER#abcd"), false),
        ("PutItem", put("USER#1"), true),
        ("PutItem", put("OTHER"), false),
        ("Query", query("PK = :p", "ORG#abcd"), true),
        ("Query", query("(#p = :p) AND SK BETWEEN :a AND :b", "ORG#abcd"), true),
        ("Query", query("#p = :p", "ORG#abcd#AUDIT"), false),
        ("Query", query("SK = :p", "ORG#abcd"), false),
        ("Query", of_index("USER#1"), true),
        ("Query", of_index("OTHER"), false),
        ("BatchGetItem", batch(&["ORG#abcd", "USER#1"]), true),
        ("BatchGetItem", batch(&["ORG#abcd", "OTHER"]), false),
        ("BatchWriteItem", json!({"RequestItems": {"access-keys": [{"PutRequest": put("OTHER")}]}}), false),
        (
            "BatchWriteItem",
            json!({"RequestItems": {"access-keys": [{"DeleteRequest": get("USER#1")}]}}),
            true,
        ),
        // As at AWS, a request without the key meets a condition on all of its values.
        ("Scan", json!({"TableName": "access-keys"}), true),
    ] {
        let refused = dynamodb(&all, operation, body.clone()).await;
        assert_eq!(refused.is_empty(), allowed, "{operation} {body}: {refused}");
    }
    let any = keys("ForAnyValue", "StringLike");
    assert_eq!(dynamodb(&any, "BatchGetItem", batch(&["ORG#abcd", "OTHER"])).await, "");
    assert_ne!(dynamodb(&any, "BatchGetItem", batch(&["OTHER"])).await, "");
    assert_ne!(dynamodb(&any, "Scan", json!({"TableName": "access-keys"})).await, "");
    let negated = keys("ForAllValues", "StringNotLike");
    assert_ne!(dynamodb(&negated, "GetItem", get("USER#1")).await, "");
    assert_eq!(dynamodb(&negated, "GetItem", get("OTHER")).await, "");
    let equal = keys("ForAllValues", "StringEquals");
    assert_ne!(dynamodb(&equal, "GetItem", get("USER#1")).await, "");
    assert_eq!(dynamodb(&equal, "GetItem", get("USER#*")).await, "");
}

#[tokio::test]
async fn each_item_of_a_transaction_needs_the_action_of_its_kind() {
    let item = |kind: &str| match kind {
        "Put" => json!({kind: {"TableName": "access-keys", "Item": {"PK": {"S": "a"}, "SK": {"S": "x"}}}}),
        _ => json!({kind: get("a")}),
    };
    let kinds = ["Put", "Update", "Delete", "ConditionCheck"];
    let whole = json!({"TransactItems": kinds.map(item)});
    for missing in kinds {
        let allowed: Vec<String> = kinds
            .iter()
            .filter(|kind| **kind != missing)
            .map(|kind| format!("'dynamodb:{kind}Item'"))
            .collect();
        let statement = format!("{{Effect: Allow, Action: [{}], Resource: '*'}}", allowed.join(","));
        let permissions = permissions(&statement, ANYTHING);
        let refused = dynamodb(&permissions, "TransactWriteItems", whole.clone()).await;
        assert!(refused.contains(&format!("perform: dynamodb:{missing}Item on")), "{missing}: {refused}");
    }
    let reads = json!({"TransactItems": [{"Get": get("a")}]});
    assert_eq!(dynamodb(&permissions(GET, ANYTHING), "TransactGetItems", reads.clone()).await, "");
    assert_ne!(dynamodb(&permissions("", ANYTHING), "TransactGetItems", reads).await, "");
    let statement = json!({"Statement": "SELECT * FROM \"access-keys\""});
    assert_ne!(dynamodb(&permissions(GET, ANYTHING), "ExecuteStatement", statement).await, "");
}

#[tokio::test]
async fn an_index_is_a_resource_of_its_own() {
    let query = "{Effect: Allow, Action: 'dynamodb:Query', Resource: !Sub '${Table.Arn}/index/GSI1'}";
    let permissions = permissions(query, ANYTHING);
    let request = json!({"TableName": TABLE, "IndexName": "GSI1"});
    assert_eq!(dynamodb(&permissions, "Query", request).await, "");
    for request in [json!({"TableName": TABLE}), json!({"TableName": TABLE, "IndexName": "due"})] {
        assert_ne!(dynamodb(&permissions, "Query", request).await, "");
    }
}

#[tokio::test]
async fn a_mail_needs_its_identities_and_its_configuration_set() {
    let arn = "arn:aws:ses:us-east-1:000000000000";
    let send = |resources: &str, condition: &str| {
        permissions(
            &format!(
                "{{Effect: Allow, Action: 'ses:SendRawEmail', Resource: [{resources}], Condition: {condition}}}"
            ),
            ANYTHING,
        )
    };
    let form = |set: Option<&str>| {
        let message = "From: Keys <keys@example.com>\r\nTo: a@b.c\r\nSubject: hi\r\n\r\nbody\r\n";
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("Action", "SendRawEmail").append_pair("Source", "keys@example.com");
        form.append_pair("RawMessage.Data", &crate::encoding::encode(message));
        form.extend_pairs(set.map(|set| ("ConfigurationSetName", set)));
        form.finish()
    };
    let identities = format!("'{arn}:identity/keys@example.com', '{arn}:identity/example.com'");
    let all = format!("{identities}, '{arn}:configuration-set/*'");
    let from = |address: &str| format!("{{StringEquals: {{'ses:FromAddress': '{address}'}}}}");
    for (resources, condition, set, allowed) in [
        (all.as_str(), from("keys@example.com"), None, true),
        (&all, from("keys@example.com"), Some("mine"), true),
        (&all, from("other@example.com"), None, false),
        // The identity may have a default configuration set.
        (&identities, from("keys@example.com"), None, false),
        (
            &format!("{identities}, '{arn}:configuration-set/other'"),
            from("keys@example.com"),
            Some("mine"),
            false,
        ),
        // Either the address or its domain may be the verified identity.
        (
            &format!("'{arn}:identity/example.com', '{arn}:configuration-set/*'"),
            from("keys@example.com"),
            None,
            false,
        ),
    ] {
        let refused = judged(&send(resources, &condition), "", &form(set)).await;
        assert_eq!(refused.is_empty(), allowed, "{resources} {condition} {set:?}: {refused}");
        let denied = refused.starts_with("403 ") && refused.contains("<Code>AccessDenied</Code>");
        assert!(allowed || denied, "{refused}");
    }
    let quota = "Action=GetSendQuota";
    assert_ne!(judged(&send(&all, "{}"), "", quota).await, "");
}

#[tokio::test]
async fn a_secret_is_meant_by_its_arn_and_by_its_name() {
    let read = "{Effect: Allow, Action: 'secretsmanager:GetSecretValue', Resource: !Ref Pepper}";
    let permissions = permissions(read, ANYTHING);
    for (operation, id, allowed) in [
        ("GetSecretValue", "Pepper", true),
        ("GetSecretValue", "arn:aws:secretsmanager:us-east-1:000000000000:secret:Pepper-local0", true),
        ("GetSecretValue", "Other", false),
        ("PutSecretValue", "Pepper", false),
    ] {
        let body = json!({"SecretId": id}).to_string();
        let refused = judged(&permissions, &format!("secretsmanager.{operation}"), &body).await;
        assert_eq!(refused.is_empty(), allowed, "{operation} {id}: {refused}");
        assert!(allowed || refused.contains("AccessDeniedException"), "{refused}");
    }
}

#[tokio::test]
async fn grants_are_counted_and_callers_outside_are_not_judged() {
    let permissions = permissions(
        "{Sid: Read, Effect: Allow, Action: ['dynamodb:GetItem', 'dynamodb:Query'], Resource: !GetAtt Table.Arn}",
        ANYTHING,
    );
    assert_eq!(dynamodb(&permissions, "GetItem", get("a")).await, "");
    let unused: Vec<String> = permissions.grants().difference(&permissions.used_grants()).cloned().collect();
    assert_eq!(unused, [format!("f\tRead\tdynamodb:Query\t{TABLE}")]);
    let (head, ()) = Request::post("/").body(()).unwrap().into_parts();
    assert!(permissions.refuse(&AwsRequest::identify(&head, b"{}"), b"{}").is_none());
}
