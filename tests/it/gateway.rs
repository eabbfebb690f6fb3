//! The gateway, and functions that are invoked around it.

use kit::run;
use reqwest::Method;
use serde_json::{Value, json};

#[test]
fn the_gateway_answers_as_api_gateway_does() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let client = world.key(key["secret"]["token"].as_str().unwrap());
        let org = &organization.id;
        for (method, path, status, message) in [
            ("GET", "/v1/whoami".to_owned(), 200, None),
            ("GET", "/v1/whoami/".to_owned(), 404, Some("Not Found")),
            ("GET", "//v1/whoami".to_owned(), 404, Some("Not Found")),
            ("GET", "/v1//whoami".to_owned(), 404, Some("Not Found")),
            ("GET", "/v1/WHOAMI".to_owned(), 404, Some("Not Found")),
            ("GET", "/unknown".to_owned(), 404, Some("Not Found")),
            ("GET", "/".to_owned(), 404, Some("Not Found")),
            ("POST", "/v1/whoami".to_owned(), 404, Some("Not Found")),
            ("DELETE", "/v1/organizations".to_owned(), 404, Some("Not Found")),
            ("GET", format!("/v1/organizations/{org}%2Fusers"), 403, Some("Forbidden")),
            ("GET", format!("/v1/organizations/{org}/access-keys/a%2Fb"), 404, None),
        ] {
            let answer = client.send(Method::from_bytes(method.as_bytes()).unwrap(), &path, None).await;
            let body = answer.expect(status);
            if let Some(message) = message {
                assert_eq!(body, json!({"message": message}), "{method} {path}");
            }
        }
        world.anonymous().get("/v1/whoami").await.expect_forbidden_by_gateway();
    });
}

#[test]
fn a_request_that_is_too_large_reaches_no_function() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        world.stack.calls().clear();
        let wide = organization.owner.clone().with_header("x-filler", &"a".repeat(11_000));
        assert!(matches!(wide.get("/v1/organizations").await.status, 431));
        let body = vec![b'a'; 10 * 1024 * 1024 + 1];
        let kind = Some("application/json");
        let answer = organization.owner.send_raw(Method::POST, "/v1/organizations", kind, body).await;
        assert_eq!(answer.expect(413), json!({"message": "Request Entity Too Large"}));
        assert_eq!(world.stack.calls().by_function("manage-organization").len(), 0);
    });
}

#[test]
fn a_binary_body_reaches_the_function_whole() {
    run(async |world| {
        let alice = world.person("alice");
        let kind = Some("application/octet-stream");
        let body = br#"{"name": "a"}"#.to_vec();
        alice
            .send_raw(Method::POST, "/v1/organizations", kind, body)
            .await
            .expect_problem(415, "unsupported_media_type");
    });
}

#[test]
fn clients_cannot_bring_a_context_of_their_own() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let client = world
            .key(key["secret"]["token"].as_str().unwrap())
            .with_header("user_kind", "owner")
            .with_header("x-amzn-request-context", r#"{"authorizer":{"lambda":{"user_kind":"owner"}}}"#);
        let me = client.get("/v1/whoami").await.expect(200);
        assert_eq!(me["user_kind"], "machine");
    });
}

/// What the gateway does not call, and what it calls without asking the authorizer.
const WITHOUT_CONTEXT: [&str; 10] = [
    "authorize-request",
    "declare-routes",
    "describe-api",
    "introspect-token",
    "manage-session",
    "notify-expiring-keys",
    "report-leaked-key",
    "rotate-pepper",
    "rotate-secret",
    "serve-console",
];

#[test]
fn a_handler_without_context_answers_500_and_does_nothing() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let before = world.items();
        let functions: Vec<_> = world
            .stack
            .functions()
            .filter(|name| !WITHOUT_CONTEXT.contains(name))
            .map(str::to_owned)
            .collect();
        assert!(functions.len() >= 11, "{functions:?}");
        for function in functions {
            let sample = sample_event(&function, &organization.id, &key);
            let mut odd = sample["requestContext"]["authorizer"].clone();
            odd["lambda"]["organization_id"] = json!(7);
            let mut unknown = sample["requestContext"]["authorizer"].clone();
            unknown["lambda"]["user_kind"] = json!("root");
            for authorizer in [
                Value::Null,
                json!({}),
                json!({"lambda": {}}),
                json!({"jwt": sample["requestContext"]["authorizer"]["lambda"]}),
                odd,
                unknown,
            ] {
                let mut event = sample.clone();
                event["requestContext"]["authorizer"] = authorizer.clone();
                let answer = world.stack.invoke(&function, &event).await.unwrap();
                assert_eq!(answer["statusCode"], 500, "{function} {authorizer}: {answer}");
            }
        }
        assert_eq!(world.items(), before);
    });
}

#[test]
fn a_function_without_authorizer_answers_its_sample_event() {
    run(async |world| {
        for (function, status, body) in [
            ("introspect-token", 200, json!({"active": false})),
            ("report-leaked-key", 202, json!({"status": "accepted"})),
            ("manage-session", 200, json!({"location": "/console/signed-out"})),
        ] {
            let path = format!("{}/events/{function}.json", env!("CARGO_MANIFEST_DIR"));
            let event = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
            let answer = world.stack.invoke(function, &event).await.unwrap();
            assert_eq!(answer["statusCode"], status, "{function}: {answer}");
            let said: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
            assert_eq!(said, body, "{function}");
        }
    });
}

/// Reads the function's sample event and turns it to things that are there.
fn sample_event(function: &str, organization_id: &str, key: &Value) -> Value {
    let path = format!("{}/events/{function}.json", env!("CARGO_MANIFEST_DIR"));
    let mut event: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let there =
        json!({"organization_id": organization_id, "user_id": key["user_id"], "key_id": key["key_id"]});
    for (name, value) in there.as_object().unwrap() {
        if let Some(parameter) = event.pointer_mut(&format!("/pathParameters/{name}")) {
            *parameter = value.clone();
        }
    }
    event["requestContext"]["authorizer"]["lambda"]["organization_id"] = json!(organization_id);
    event
}
