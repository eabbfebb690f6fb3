//! The responses of the gateway, as a table of cases.

use hyper::Method;
use serde_json::json;

use super::TestGateway;
use crate::{Fault, When};

/// Method, target, headers; status and message.
type Case<'c> = (Method, &'c str, &'c [(&'c str, &'c str)], u16, Option<&'c str>);

#[tokio::test]
async fn the_gateway_responds_as_api_gateway_does() {
    let gateway = TestGateway::start().await;
    let long = "x".repeat(10_300);
    let cases: &[Case] = &[
        (Method::GET, "/v1/whoami", &[], 200, None),
        (Method::GET, "/v1/nowhere", &[], 404, Some("Not Found")),
        (Method::GET, "/", &[], 404, Some("Not Found")),
        (Method::POST, "/v1/whoami", &[], 404, Some("Not Found")),
        (Method::GET, "/v1/whoami/", &[], 404, Some("Not Found")),
        (Method::GET, "/v1//whoami", &[], 404, Some("Not Found")),
        (Method::GET, "//v1/whoami", &[], 404, Some("Not Found")),
        (Method::GET, "/v1/items/a%2Fb", &[], 200, None),
        (Method::GET, "/v1/items/a/b", &[], 404, Some("Not Found")),
        (Method::DELETE, "/v1/items/a", &[], 200, None),
        (Method::GET, "/v1/files/a/b/c", &[], 200, None),
        (Method::GET, "/v1/files/", &[], 404, Some("Not Found")),
        (Method::GET, "/v1/whoami", &[("x-authorizer", "deny")], 403, Some("Forbidden")),
        (Method::GET, "/v1/whoami", &[("x-authorizer", "odd")], 500, Some("Internal Server Error")),
        (Method::GET, "/v1/whoami", &[("x-authorizer", "error")], 500, Some("Internal Server Error")),
        (Method::GET, "/v1/whoami", &[("x-handler", "error")], 500, Some("Internal Server Error")),
        (Method::GET, "/v1/whoami", &[("x-handler", "odd")], 500, Some("Internal Server Error")),
        (Method::GET, "/v1/policy", &[("x-authorizer", "policy")], 200, None),
        (Method::GET, "/v1/cached", &[], 401, Some("Unauthorized")),
        (Method::GET, "/v1/cached?who=a", &[], 401, Some("Unauthorized")),
        (Method::POST, "/v1/introspect", &[("x-authorizer", "deny")], 200, None),
        (Method::GET, "/v1/whoami", &[("x-long", &long)], 431, Some("Request Header Fields Too Large")),
    ];
    for (method, target, headers, status, message) in cases {
        let response = gateway.send(method.clone(), target, headers, b"").await;
        let body = String::from_utf8_lossy(&response.body);
        assert_eq!(response.status, *status, "{method} {target} {headers:?}: {body}");
        if let Some(message) = message {
            assert_eq!(response.json(), json!({ "message": message }), "{method} {target}");
        }
    }
}

#[tokio::test]
async fn bodies_have_their_limits_and_their_encoding() {
    let gateway = TestGateway::start().await;
    let json_type = ("content-type", "application/json");
    let too_long = vec![b'a'; 10 * 1024 * 1024 + 1];
    for body in [&too_long, &too_long[..7 * 1024 * 1024]] {
        let response = gateway.send(Method::POST, "/v1/introspect", &[json_type], body).await;
        assert_eq!(
            (response.status, response.json()),
            (413, json!({ "message": "Request Entity Too Large" }))
        );
    }
    let event = gateway.send(Method::POST, "/v1/introspect", &[json_type], br#"{"a":1}"#).await.json();
    assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!(r#"{"a":1}"#), &json!(false)));
    let octets = ("content-type", "application/octet-stream");
    let event = gateway.send(Method::POST, "/v1/introspect", &[octets], &[0, 255]).await.json();
    assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("AP8="), &json!(true)));
    let event = gateway.send(Method::POST, "/v1/introspect", &[], b"").await.json();
    assert_eq!((event.get("body"), &event["isBase64Encoded"]), (None, &json!(false)));
    let response = gateway.get("/v1/whoami", &[("x-handler", "binary")]).await;
    assert_eq!(&response.body[..], [0, 255]);
    assert_eq!(response.headers["content-type"], "application/octet-stream");
    assert_eq!(response.headers.get_all("set-cookie").iter().count(), 2);
    assert!(response.headers.contains_key("apigw-requestid"));
}

#[tokio::test]
async fn an_event_that_no_instance_takes_is_a_503() {
    let mut gateway = TestGateway::start().await;
    for instance in gateway.instances.drain(..) {
        instance.abort();
    }
    let response = gateway.send(Method::POST, "/v1/introspect", &[], b"").await;
    assert_eq!((response.status, response.json()), (503, json!({ "message": "Service Unavailable" })));
}

#[tokio::test]
async fn throttled_routes_and_missing_instances_are_faults() {
    let mut gateway = TestGateway::start().await;
    let faults = gateway.stack.faults().clone();
    faults.add(Fault::throttled_route("GET /v1/whoami").when(When::First(2)));
    let mut answer = async |target: &str| {
        let response = gateway.get(target, &[]).await;
        (response.status, response.json()["message"].clone(), gateway.events().len())
    };
    assert_eq!(answer("/v1/whoami").await, (429, json!("Too Many Requests"), 0));
    assert_eq!(answer("/v1/items/a").await.0, 200);
    assert_eq!(answer("/v1/whoami").await.0, 429);
    assert_eq!(answer("/v1/whoami").await.0, 200);
    faults.add(Fault::no_instance("authorize-request").when(When::Nth(1)));
    assert_eq!(answer("/v1/whoami").await, (500, json!("Internal Server Error"), 0));
    faults.add(Fault::no_instance("describe-caller").when(When::Nth(1)));
    assert_eq!(answer("/v1/whoami").await, (503, json!("Service Unavailable"), 1));
    assert_eq!(answer("/v1/whoami").await.0, 200);
    assert_eq!(faults.struck(), 4);
}
