//! The events that functions receive, and their environment.

use std::{collections::BTreeMap, path::Path};

use hyper::Method;
use serde_json::{Value, json};

use super::{TEMPLATE, TestGateway};
use crate::{
    binaries::Binaries,
    options::Options,
    stack::{Functions, Stack},
};

#[tokio::test]
async fn events_have_the_shape_of_payload_format_2() {
    let mut gateway = TestGateway::start().await;
    gateway.stack.clock().shift(86_400);
    let headers = [
        ("X-Forwarded-For", "9.9.9.9"),
        ("X-Many", "a"),
        ("x-many", "b"),
        ("Cookie", "c=1; d=2"),
        ("User-Agent", "test"),
        ("x-user_id", "forged"),
        ("requestcontext", "{}"),
    ];
    let event = gateway.get("/v1/items/a%2Fb/parts/%C3%BC?q=1&q=2&r=x%20y&s", &headers).await.json();
    assert_eq!(event["version"], "2.0");
    assert_eq!(event["routeKey"], "GET /v1/items/{item_id}/parts/{part_id}");
    assert_eq!(event["rawPath"], "/v1/items/a/b/parts/ü");
    assert_eq!(event["rawQueryString"], "q=1&q=2&r=x%20y&s");
    assert_eq!(event["queryStringParameters"], json!({ "q": "1,2", "r": "x y", "s": "" }));
    assert_eq!(event["pathParameters"], json!({ "item_id": "a/b", "part_id": "ü" }));
    assert_eq!(event["cookies"], json!(["c=1", "d=2"]));
    assert_eq!(event["headers"]["x-many"], "a,b");
    assert_eq!(event["headers"]["x-forwarded-for"], "9.9.9.9, 127.0.0.1");
    assert_eq!(event["headers"].get("cookie"), None);
    assert_eq!(event["stageVariables"], json!({ "color": "blue" }));
    let context = &event["requestContext"];
    assert_eq!(context["authorizer"], json!({ "lambda": { "user_id": "u1", "key_id": "" } }));
    assert_eq!(context["http"]["sourceIp"], "127.0.0.1");
    assert_eq!((&context["http"]["method"], &context["http"]["userAgent"]), (&json!("GET"), &json!("test")));
    assert_eq!((&context["stage"], &context["accountId"]), (&json!("$default"), &json!("000000000000")));
    let shifted = gateway.stack.clock().now().as_millisecond() - context["timeEpoch"].as_i64().unwrap();
    assert!((0..10_000).contains(&shifted), "{shifted}");

    let events = gateway.events();
    let (function, authorizer) = &events[0];
    assert_eq!(function, "authorize-request");
    assert_eq!((&authorizer["type"], &authorizer["identitySource"]), (&json!("REQUEST"), &Value::Null));
    assert!(authorizer["routeArn"].as_str().unwrap().contains("/$default/GET/v1/items/"));
    assert_eq!(authorizer["requestContext"].get("authorizer"), None);
    assert_eq!(authorizer["requestContext"]["timeEpoch"], context["timeEpoch"]);

    let open = gateway.send(Method::POST, "/v1/introspect", &[], b"").await.json();
    assert_eq!(open["requestContext"].get("authorizer"), None);
}

#[tokio::test]
async fn parameters_reach_every_function() {
    let environment = BTreeMap::from([("MORE".to_owned(), "1".to_owned())]);
    let options = Options { memory: true, environment, ..Options::default() };
    let stack =
        Stack::assemble(options, Path::new("."), TEMPLATE, Functions::Given(Binaries::new())).await.unwrap();
    assert_eq!(stack.environment()["MORE"], "1");
    assert_eq!(stack.environment()["OIDC_ISSUER"], stack.issuer().url());
    assert!(stack.environment()["AWS_ENDPOINT_URL_SES"].starts_with("http://127.0.0.1:"));
}
