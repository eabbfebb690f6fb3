//! Calls that a function's role does not allow: the function fails closed.

use kit::{Options, World, run_with};
use serde_json::json;

fn template() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml")).unwrap()
}

/// Replaces the first text after the head of a resource.
fn changed(template: &str, resource: &str, from: &str, to: &str) -> String {
    let (before, after) = template.split_once(&format!("\n  {resource}:\n")).unwrap();
    assert!(after.contains(from), "{resource}: {from}");
    format!("{before}\n  {resource}:\n{}", after.replacen(from, to, 1))
}

fn with(template: String) -> Options {
    Options { template: Some(template), ..Options::default() }
}

/// Returns what the services answered to calls that were denied.
fn denied(world: &World, function: &str) -> Vec<(String, u16)> {
    let calls = world.stack.calls().by_function(function).into_iter();
    let refused = calls.filter_map(|call| Some((call.operation, call.status?.as_u16())));
    refused.filter(|(_, status)| *status >= 400).collect()
}

#[test]
fn a_call_without_a_grant_is_denied_and_the_function_fails_closed() {
    let changes = [
        (
            "CreateAccessKeyFunction",
            "Action: [dynamodb:PutItem, dynamodb:UpdateItem]",
            "Action: dynamodb:UpdateItem",
        ),
        (
            "GetAccessKeyFunction",
            r#""dynamodb:LeadingKeys": ["USER#*"]"#,
            r#""dynamodb:LeadingKeys": ["USER#-"]"#,
        ),
        ("ListAccessKeysFunction", "${Arn}/index/GSI1", "${Arn}/index/due"),
        (
            "IntrospectTokenFunction",
            "Action: secretsmanager:GetSecretValue",
            "Action: secretsmanager:DescribeSecret",
        ),
    ];
    let text =
        changes.iter().fold(template(), |text, (resource, from, to)| changed(&text, resource, from, to));
    run_with(with(text), async |world| {
        let organization = world.organization("alice", "strict").await;
        let machine = organization.machine("machine").await;
        let before = world.items();
        let owner = &organization.owner;
        let made =
            owner.post(&organization.keys_of(&machine), json!({"name": "a", "expires_in_days": 9})).await;
        assert!(made.status >= 500, "{made:?}");
        assert_eq!(world.items(), before);
        let read = owner.get(&format!("{}/access-keys/{machine}00000000", organization.path)).await;
        assert!(read.status >= 500, "{read:?}");
        let listed = owner.get(&format!("{}/access-keys", organization.path)).await;
        assert!(listed.status >= 500, "{listed:?}");
        let asked = world.anonymous().post("/v1/introspect", json!({"token": "x"})).await;
        assert_eq!(asked.status, 500, "{asked:?}");
        for (function, operation) in [
            ("create-access-key", "TransactWriteItems"),
            ("get-access-key", "BatchGetItem"),
            ("list-access-keys", "Query"),
            ("introspect-token", "GetSecretValue"),
        ] {
            let denied = denied(world, function);
            assert!(denied.contains(&(operation.to_owned(), 400)), "{function}: {denied:?}");
        }
        assert_eq!(denied(world, "manage-users"), []);
    });
}

#[test]
fn the_boundary_must_allow_a_call_too() {
    let text = changed(&template(), "FunctionBoundary", "              - dynamodb:BatchGetItem\n", "");
    run_with(with(text), async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let client = world.key(key["secret"]["token"].as_str().unwrap());
        client.get("/v1/whoami").await.expect(500);
        assert!(denied(world, "authorize-request").contains(&("BatchGetItem".to_owned(), 400)));
    });
}

#[test]
fn a_mail_that_may_not_be_sent_waits() {
    let text =
        changed(&template(), "NotifyExpiringKeysFunction", "configuration-set/*", "configuration-set/other");
    run_with(with(text), async |world| {
        let organization = world.organization("alice", "strict").await;
        let machine = organization.machine("machine").await;
        organization.key(&machine, 31).await;
        world.travel(2 * kit::DAY);
        world.notify().await;
        assert!(denied(world, "notify-expiring-keys").contains(&("SendRawEmail".to_owned(), 403)));
        assert_eq!(world.stack.emails().len(), 0);
        assert!(world.items_of("MAIL#").iter().all(|mail| mail["status"] != "dead"));
        assert_eq!(world.items_of("MAIL#").len(), 1);
    });
}
