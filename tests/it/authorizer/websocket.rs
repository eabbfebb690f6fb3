//! The authorizer of a WebSocket API: its `$connect` route.

use kit::{Options, World, run, run_with};
use serde_json::{Value, json};

use crate::tokens::{token, with_another_secret};

/// The sample event, at the gateway's time now, with these headers.
fn event(world: &World, headers: &[(&str, &str)]) -> Value {
    let sample = include_str!("../../events/authorize-request-websocket.json");
    let mut event: Value = serde_json::from_str(sample).unwrap();
    event["requestContext"]["requestTimeEpoch"] = json!(world.stack.clock().now().as_millisecond());
    event["headers"] = headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    event["multiValueHeaders"] =
        headers.iter().map(|(name, value)| ((*name).to_owned(), json!([value]))).collect();
    event
}

async fn connect(world: &World, event: &Value) -> Result<Value, String> {
    world.stack.invoke("authorize-request", event).await.map_err(|error| error.error_message)
}

fn effect(answer: &Value) -> (&Value, &Value) {
    let statement = &answer["policyDocument"]["Statement"][0];
    (&statement["Effect"], &statement["Resource"])
}

const API: &str = "arn:aws:execute-api:us-east-1:123456789012:w1x2y3z4a5/prod/*";
const CONNECT: &str = "arn:aws:execute-api:us-east-1:123456789012:w1x2y3z4a5/prod/$connect";

#[test]
fn a_key_connects_and_the_policy_covers_the_api() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let key = organization.machine_key().await;
        let answer = connect(world, &event(world, &[("X-Access-Key", token(&key))])).await.unwrap();
        assert_eq!(effect(&answer), (&json!("Allow"), &json!(API)));
        assert_eq!(answer["principalId"], key["user_id"]);
        assert_eq!(answer["context"]["organization_id"], json!(organization.id));
        assert!(answer["context"].as_object().unwrap().values().all(Value::is_string));
        // Only one form of headers, as a test event may have.
        for absent in ["headers", "multiValueHeaders", "stageVariables", "queryStringParameters"] {
            let mut event = event(world, &[("authorization", &format!("Bearer {}", token(&key)))]);
            event.as_object_mut().unwrap().remove(absent);
            assert_eq!(effect(&connect(world, &event).await.unwrap()).0, "Allow", "{absent}");
        }
        let revoke = format!("{}/revoke", organization.key_path(&key));
        organization.owner.post(&revoke, json!(null)).await.expect(200);
        let refused = connect(world, &event(world, &[("x-access-key", token(&key))])).await;
        assert_eq!(refused.unwrap_err(), "Unauthorized");
    });
}

#[test]
fn bad_credentials_and_credentials_in_the_url_are_unauthorized() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let key = organization.machine_key().await;
        let (good, wrong) = (token(&key), with_another_secret(&key));
        for headers in [
            &[] as &[(&str, &str)],
            &[("x-access-key", "ak_x")],
            &[("x-access-key", &wrong)],
            &[("x-access-key", good), ("authorization", "Bearer a.b.c")],
            &[("sec-websocket-protocol", good)],
        ] {
            assert_eq!(
                connect(world, &event(world, headers)).await.unwrap_err(),
                "Unauthorized",
                "{headers:?}"
            );
        }
        for (name, headers) in [("token", &[("x-access-key", good)] as &[_]), ("x-access-key", &[])] {
            let mut event = event(world, headers);
            event["queryStringParameters"] = json!({name: good});
            event["multiValueQueryStringParameters"] = json!({name: [good]});
            assert_eq!(connect(world, &event).await.unwrap_err(), "Unauthorized", "{name}");
        }
        // A sign-in names no organization here.
        let jwt = world.stack.issuer().token("alice", "alice@example.com", "alice");
        let answer =
            connect(world, &event(world, &[("authorization", &format!("Bearer {jwt}"))])).await.unwrap();
        assert_eq!(effect(&answer).0, "Deny");
        let user = organization.user_path(key["user_id"].as_str().unwrap());
        organization.owner.patch(&user, json!({"status": "suspended"})).await.expect(200);
        let denied = connect(world, &event(world, &[("x-access-key", good)])).await.unwrap();
        assert_eq!((effect(&denied), denied.get("context")), ((&json!("Deny"), &json!(API)), None));
    });
}

#[test]
fn an_event_of_another_route_or_without_its_parts_is_an_error() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let key = organization.machine_key().await;
        let good = || event(world, &[("x-access-key", token(&key))]);
        for (pointer, value) in [
            ("/methodArn", json!("arn:aws:execute-api:us-east-1:123456789012:w1x2y3z4a5/prod/$default")),
            ("/methodArn", json!(null)),
            ("/requestContext/connectionId", json!(null)),
            ("/requestContext/identity", json!(null)),
            ("/requestContext/requestTimeEpoch", json!(null)),
            ("/requestContext/requestTimeEpoch", json!(0)),
        ] {
            let mut event = good();
            *event.pointer_mut(pointer).unwrap() = value.clone();
            assert_eq!(connect(world, &event).await.unwrap_err(), "could not decide", "{pointer} {value}");
        }
    });
}

#[test]
fn a_permission_of_the_route_is_needed_and_the_policy_names_the_route() {
    for setting in [r#"{"w1x2y3z4a5 $connect": "chat:join"}"#, r#"{"$connect": "chat:join"}"#] {
        let parameters = [("RoutePermissions".to_owned(), setting.to_owned())].into();
        run_with(Options { parameters, ..Options::default() }, async |world| {
            let organization = world.organization("alice", "flexible").await;
            organization.role("chat", &["chat:*"]).await;
            let (may, may_not) =
                (organization.machine_with("a", &["chat"]).await, organization.machine("b").await);
            for (user, expected) in [(may, "Allow"), (may_not, "Deny")] {
                let key = organization.key(&user, 30).await;
                world.forget_organizations().await;
                let answer = connect(world, &event(world, &[("x-access-key", token(&key))])).await.unwrap();
                assert_eq!(effect(&answer), (&json!(expected), &json!(CONNECT)), "{setting}");
            }
        });
    }
}

#[test]
fn a_context_above_seven_and_a_half_kib_is_refused() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        for (name, permissions, expected) in [("small", 56, "Allow"), ("large", 60, "Deny")] {
            let permissions: Vec<_> =
                (0..permissions).map(|number| format!("{name}{number:0>123}")).collect();
            let permissions: Vec<_> = permissions.iter().map(String::as_str).collect();
            organization.role(name, &permissions).await;
            let key = organization.key(&organization.machine_with(name, &[name]).await, 30).await;
            world.forget_organizations().await;
            let answer = connect(world, &event(world, &[("x-access-key", token(&key))])).await.unwrap();
            assert_eq!(effect(&answer).0, expected, "{name}");
            world.key(token(&key)).get("/v1/whoami").await.expect(200);
        }
        let lines = world.stack.logs().by_function("authorize-request");
        assert_eq!(lines.iter().filter(|line| line.contains("context_too_large")).count(), 1);
    });
}
