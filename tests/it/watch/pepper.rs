//! The policy of the pepper, and the rule that watches it.
//!
//! The rule selects the calls that `CloudTrail` records of it, however their callers name it.
//!
//! Shapes of the events: <https://docs.aws.amazon.com/secretsmanager/latest/userguide/cloudtrail_log_entries.html>.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{refused_parameter, resources, resources_with};

const ARN: &str = "arn:aws:secretsmanager:us-east-1:000000000000:secret:Pepper-local0";

/// Tells whether an event has all that a pattern of `EventBridge` names. Only exact values, `$or`, and `anything-but` beside
/// `exists` are known here.
fn selects(pattern: &Value, event: &Value) -> bool {
    match pattern {
        Value::Object(members) => members.iter().all(|(name, wanted)| match name.as_str() {
            "$or" => wanted.as_array().unwrap().iter().any(|one| selects(one, event)),
            name => selects(wanted, &event[name]),
        }),
        Value::Array(values) => values.iter().any(|value| match value.as_object() {
            None => value.is_string() && value == event,
            Some(rule) if *value == json!({"exists": false}) => rule.len() == 1 && event.is_null(),
            Some(rule) => {
                let excluded = rule["anything-but"].as_array().unwrap();
                event.is_string() && !excluded.contains(event)
            }
        }),
        _ => panic!("no pattern: {pattern}"),
    }
}

fn call(name: &str, asked: &str, answered: &Value) -> Value {
    json!({
        "source": "aws.secretsmanager",
        "detail-type": "AWS API Call via CloudTrail",
        "region": "us-east-1",
        "detail": {
            "eventSource": "secretsmanager.amazonaws.com",
            "eventName": name,
            "userIdentity": {"type": "Root", "arn": "arn:aws:iam::000000000000:root"},
            "requestParameters": {"secretId": asked},
            "responseElements": answered,
        },
    })
}

#[test]
fn each_change_of_the_pepper_is_selected_and_nothing_else() {
    let pattern = &resources("AWS::Events::Rule")["PepperTouchedRule"]["EventPattern"];
    let other = ARN.replace("Pepper", "Other");
    for (event, selected) in [
        (call("PutSecretValue", ARN, &json!({"arn": ARN})), true),
        // By its name, or by a part of the ARN.
        (call("PutSecretValue", "Pepper", &json!({"arn": ARN})), true),
        (call("UpdateSecret", "Pepper", &json!({"ARN": ARN})), true),
        (call("DeleteSecret", &ARN[..ARN.len() - 7], &json!({"name": "Pepper", "aRN": ARN})), true),
        // A refused one names it all the same.
        (call("DeleteSecret", ARN, &json!(null)), true),
        (call("UpdateSecretVersionStage", "Pepper", &json!({"arn": ARN})), true),
        (call("PutResourcePolicy", ARN, &json!({"arn": ARN})), true),
        (call("DeleteResourcePolicy", ARN, &json!(null)), true),
        (call("ReplicateSecretToRegions", "Pepper", &json!({"arn": ARN})), true),
        (call("RotateSecret", ARN, &json!({"arn": ARN})), true),
        (call("RestoreSecret", ARN, &json!({"arn": ARN})), true),
        (call("PutSecretValue", &other, &json!({"arn": other})), false),
        (call("GetSecretValue", ARN, &json!(null)), false),
        (call("DescribeSecret", ARN, &json!(null)), false),
    ] {
        assert_eq!(selects(pattern, &event), selected, "{event}");
    }
}

#[test]
fn the_rotation_of_the_pepper_is_no_news_and_any_other_role_that_writes_it_is() {
    let pattern = &resources("AWS::Events::Rule")["PepperTouchedRule"]["EventPattern"];
    for (role, selected) in
        [("RotatePepperFunctionRole", false), ("RotatePepperFunctionRole2", true), ("x", true)]
    {
        let mut event = call("PutSecretValue", ARN, &json!({"arn": ARN}));
        let issuer = json!({"type": "Role", "arn": format!("arn:aws:iam::000000000000:role/{role}")});
        event["detail"]["userIdentity"] =
            json!({"type": "AssumedRole", "sessionContext": {"sessionIssuer": issuer}});
        assert_eq!(selects(pattern, &event), selected, "{event}");
    }
    // A session of a user has no issuer.
    let mut event = call("PutSecretValue", ARN, &json!({"arn": ARN}));
    event["detail"]["userIdentity"] = json!({"type": "IAMUser", "sessionContext": {"attributes": {}}});
    assert!(selects(pattern, &event));
}

#[test]
fn a_failed_rotation_is_an_alarm_where_the_pepper_rotates() {
    let alarms = |days| resources_with("AWS::CloudWatch::Alarm", &[("PepperRotationDays", days)]);
    assert!(!alarms("0").contains_key("PepperRotationFailsAlarm"));
    let alarm = alarms("1").remove("PepperRotationFailsAlarm").unwrap();
    assert_eq!((&alarm["Namespace"], &alarm["MetricName"]), (&json!("AWS/Lambda"), &json!("Errors")));
    assert_eq!(alarm["Dimensions"], json!([{"Name": "FunctionName", "Value": "rotate-pepper"}]));
    assert_eq!((alarm["Threshold"].as_f64(), &alarm["EvaluationPeriods"]), (Some(1.0), &json!(1)));
    for days in ["-1", "366", "x"] {
        assert!(refused_parameter(&[("PepperRotationDays", days)]).contains("PepperRotationDays"));
    }
}

/// One call of Secrets Manager: the ARN of its caller, and the services by which it comes.
struct Caller<'c> {
    arn: &'c str,
    via: &'c [&'c str],
}

/// Tells whether a policy denies a call. Only the two operators that it uses are known here.
fn denies(policy: &Value, action: &str, caller: &Caller<'_>) -> bool {
    policy["Statement"].as_array().unwrap().iter().any(|statement| {
        assert_eq!((&statement["Effect"], &statement["Principal"]), (&json!("Deny"), &json!("*")));
        let names =
            statement["Action"].as_array().unwrap().contains(&json!(format!("secretsmanager:{action}")));
        let conditions = statement["Condition"].as_object().unwrap();
        names
            && conditions.iter().all(|(operator, condition)| {
                let (key, values) = condition.as_object().unwrap().iter().next().unwrap();
                let values = values.as_array().cloned().unwrap_or_else(|| vec![values.clone()]);
                match (operator.as_str(), key.as_str()) {
                    ("ArnNotEquals", "aws:PrincipalArn") => !values.contains(&json!(caller.arn)),
                    ("ForAllValues:StringNotEquals", "aws:CalledVia") => {
                        caller.via.iter().all(|service| !values.contains(&json!(service)))
                    }
                    other => panic!("an unknown condition: {other:?}"),
                }
            })
    })
}

#[test]
fn nobody_but_its_administrator_reads_or_changes_the_pepper_and_deployments_keep_its_policy() {
    let admin = "arn:aws:iam::000000000000:role/auditor";
    let resources = resources_with("AWS::SecretsManager::ResourcePolicy", &[("PepperAdminArn", admin)]);
    let policy = &resources["PepperPolicy"]["ResourcePolicy"];
    let other = Caller { arn: "arn:aws:iam::000000000000:role/administrator", via: &[] };
    let deployer = Caller { via: &["cloudformation.amazonaws.com"], ..other };
    let admin = Caller { arn: admin, via: &[] };
    let value = [
        "CancelRotateSecret",
        "DeleteSecret",
        "GetSecretValue",
        "PutSecretValue",
        "RemoveRegionsFromReplication",
        "ReplicateSecretToRegions",
        "RotateSecret",
        "UpdateSecret",
        "UpdateSecretVersionStage",
    ];
    for action in value {
        // A stack's template can have a secret's value resolved into it, so CloudFormation is no exception.
        assert!(denies(policy, action, &other) && denies(policy, action, &deployer), "{action}");
        assert!(!denies(policy, action, &admin), "{action}");
    }
    let function = Caller { arn: "arn:aws:iam::000000000000:role/AuthorizeRequestFunctionRole", via: &[] };
    assert!(!denies(policy, "GetSecretValue", &function) && denies(policy, "PutResourcePolicy", &function));
    let rotation = Caller { arn: "arn:aws:iam::000000000000:role/RotatePepperFunctionRole", via: &[] };
    assert!(!denies(policy, "GetSecretValue", &rotation) && !denies(policy, "PutSecretValue", &rotation));
    let lifts = ["DeleteResourcePolicy", "PutResourcePolicy"];
    for action in lifts {
        assert!(
            denies(policy, action, &other) && denies(policy, action, &Caller { via: &["x"], ..other }),
            "{action}"
        );
        assert!(!denies(policy, action, &admin) && !denies(policy, action, &deployer), "{action}");
    }
    for action in ["DescribeSecret", "RestoreSecret", "TagResource"] {
        assert!(!denies(policy, action, &other), "{action}");
    }
    // Each denied change is watched; a read is not.
    let pattern = &super::resources("AWS::Events::Rule")["PepperTouchedRule"]["EventPattern"];
    let watched: BTreeSet<_> =
        pattern["detail"]["eventName"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let changes = value.iter().chain(&lifts).copied().filter(|action| *action != "GetSecretValue");
    assert_eq!(watched, changes.chain(["RestoreSecret"]).collect());
}

#[test]
fn the_administrator_of_the_pepper_is_one_principal() {
    for name in ["*", "audit?r", "${aws:username}", "auditor*"] {
        let arn = format!("arn:aws:iam::000000000000:role/{name}");
        let error = refused_parameter(&[("PepperAdminArn", &arn)]);
        assert!(error.contains("PepperAdminArn") && error.contains("AllowedPattern"), "{arn}: {error}");
    }
    let arn = "arn:aws:iam::000000000000:role/teams/a.b/auditor_1+x=y,z@w-v";
    resources_with("AWS::SecretsManager::ResourcePolicy", &[("PepperAdminArn", arn)]);
}

#[test]
fn a_copy_of_the_pepper_is_in_the_region_that_a_parameter_names() {
    let secret = |parameters: &[(&str, &str)]| {
        resources_with("AWS::SecretsManager::Secret", parameters)["Pepper"].clone()
    };
    assert!(secret(&[]).get("ReplicaRegions").is_none_or(Value::is_null));
    let copied = secret(&[("PepperReplicaRegion", "eu-west-1")]);
    assert_eq!(copied["ReplicaRegions"], json!([{"Region": "eu-west-1"}]));
}
