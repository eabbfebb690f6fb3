//! What API Gateway does, as a table of cases over functions that this test plays.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Method, Request, StatusCode};
use serde_json::{Value, json};
use tokio::{sync::mpsc, task::JoinHandle};

use crate::{
    binaries::Binaries,
    http::{self, HttpClient},
    options::Options,
    stack::{Functions, Stack},
};

const TEMPLATE: &str = include_str!("../template/fixture.yaml");

/// A stack whose functions are played here: the caller decides by header what they do.
struct Played {
    stack: Stack,
    client: HttpClient,
    events: mpsc::UnboundedReceiver<(String, Value)>,
    players: Vec<JoinHandle<()>>,
}

impl Drop for Played {
    fn drop(&mut self) {
        self.players.iter().for_each(JoinHandle::abort);
    }
}

struct Answered {
    status: u16,
    headers: hyper::HeaderMap,
    body: Bytes,
}

impl Answered {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl Played {
    async fn start() -> Self {
        let options = Options { memory: true, ..Options::default() };
        let stack = Stack::assemble(options, Path::new("."), TEMPLATE, Functions::Given(Binaries::new()))
            .await
            .unwrap();
        let (seen, events) = mpsc::unbounded_channel();
        let seen = Arc::new(seen);
        let mut players = Vec::new();
        for function in ["authorize-request", "describe-caller", "notify-expiring-keys"] {
            let base = format!("{}/{function}/1/2018-06-01/runtime/invocation", stack.runtime_api);
            let seen = Arc::clone(&seen);
            players.push(tokio::spawn(async move { play(function, &base, &seen).await }));
            stack.warm_up(function, 1).await.unwrap();
        }
        Self { stack, client: http::client(), events, players }
    }

    async fn send(&self, method: Method, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Answered {
        let mut request = Request::builder().method(method).uri(format!("{}{target}", self.stack.url()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::copy_from_slice(body))).unwrap();
        let (head, body) = self.client.request(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answered { status: head.status.as_u16(), headers: head.headers, body }
    }

    async fn get(&self, target: &str, headers: &[(&str, &str)]) -> Answered {
        self.send(Method::GET, target, headers, b"").await
    }

    /// Takes the events that the functions got since the last time.
    fn events(&mut self) -> Vec<(String, Value)> {
        std::iter::from_fn(|| self.events.try_recv().ok()).collect()
    }
}

/// Plays one instance: answers what the header `x-authorizer` or `x-handler` of the event says.
async fn play(function: &str, base: &str, seen: &mpsc::UnboundedSender<(String, Value)>) {
    let client = http::client();
    loop {
        let next = Request::builder().uri(format!("{base}/next")).body(Full::default()).unwrap();
        let Ok(event) = client.request(next).await.map(hyper::Response::into_parts) else {
            tokio::task::yield_now().await;
            continue;
        };
        if event.0.status != StatusCode::OK {
            tokio::task::yield_now().await;
            continue;
        }
        let Ok(body) = event.1.collect().await else {
            continue;
        };
        let id = event.0.headers["lambda-runtime-aws-request-id"].to_str().unwrap().to_owned();
        let event: Value = serde_json::from_slice(&body.to_bytes()).unwrap();
        seen.send((function.to_owned(), event.clone())).ok();
        let told = |name: &str| event["headers"][name].as_str().unwrap_or_default().to_owned();
        let (path, answer) = if function == "authorize-request" {
            decide(&told("x-authorizer"), &event)
        } else {
            handle(&told("x-handler"), &event)
        };
        let answer = Request::post(format!("{base}/{id}/{path}")).body(Full::from(answer)).unwrap();
        client.request(answer).await.ok();
    }
}

fn decide(told: &str, event: &Value) -> (&'static str, String) {
    let context = json!({ "user_id": "u1", "key_id": "" });
    let answer = match told {
        "deny" => json!({ "isAuthorized": false }),
        "odd" => json!({ "allowed": true }),
        "error" => {
            return ("error", json!({ "errorType": "Panic", "errorMessage": "no" }).to_string());
        }
        "policy" => {
            let statement =
                json!({ "Effect": "Allow", "Action": "execute-api:Invoke", "Resource": event["methodArn"] });
            json!({ "principalId": "p", "policyDocument": { "Statement": [statement] }, "context": context })
        }
        _ => json!({ "isAuthorized": true, "context": context }),
    };
    ("response", answer.to_string())
}

fn handle(told: &str, event: &Value) -> (&'static str, String) {
    match told {
        "error" => ("error", json!({ "errorType": "Panic", "errorMessage": "no" }).to_string()),
        "odd" => ("response", json!({ "statusCode": "many" }).to_string()),
        "binary" => (
            "response",
            json!({ "statusCode": 200, "body": "AP8=", "isBase64Encoded": true,
            "headers": { "content-type": "application/octet-stream" }, "cookies": ["a=1", "b=2"] })
            .to_string(),
        ),
        _ => ("response", json!({ "statusCode": 200, "body": event.to_string() }).to_string()),
    }
}

/// Method, target, headers; status and message.
type Case<'c> = (Method, &'c str, &'c [(&'c str, &'c str)], u16, Option<&'c str>);

#[tokio::test]
async fn the_gateway_answers_as_api_gateway_does() {
    let played = Played::start().await;
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
        let answered = played.send(method.clone(), target, headers, b"").await;
        let body = String::from_utf8_lossy(&answered.body);
        assert_eq!(answered.status, *status, "{method} {target} {headers:?}: {body}");
        if let Some(message) = message {
            assert_eq!(answered.json(), json!({ "message": message }), "{method} {target}");
        }
    }
}

#[tokio::test]
async fn bodies_have_their_limits_and_their_encoding() {
    let played = Played::start().await;
    let json_type = ("content-type", "application/json");
    let too_long = vec![b'a'; 10 * 1024 * 1024 + 1];
    for body in [&too_long, &too_long[..7 * 1024 * 1024]] {
        let answered = played.send(Method::POST, "/v1/introspect", &[json_type], body).await;
        assert_eq!(
            (answered.status, answered.json()),
            (413, json!({ "message": "Request Entity Too Large" }))
        );
    }
    let event = played.send(Method::POST, "/v1/introspect", &[json_type], br#"{"a":1}"#).await.json();
    assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!(r#"{"a":1}"#), &json!(false)));
    let octets = ("content-type", "application/octet-stream");
    let event = played.send(Method::POST, "/v1/introspect", &[octets], &[0, 255]).await.json();
    assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("AP8="), &json!(true)));
    let event = played.send(Method::POST, "/v1/introspect", &[], b"").await.json();
    assert_eq!((event.get("body"), &event["isBase64Encoded"]), (None, &json!(false)));
    let answered = played.get("/v1/whoami", &[("x-handler", "binary")]).await;
    assert_eq!(&answered.body[..], [0, 255]);
    assert_eq!(answered.headers["content-type"], "application/octet-stream");
    assert_eq!(answered.headers.get_all("set-cookie").iter().count(), 2);
    assert!(answered.headers.contains_key("apigw-requestid"));
}

#[tokio::test]
async fn events_have_the_shape_of_payload_format_2() {
    let mut played = Played::start().await;
    played.stack.clock().shift(86_400);
    let headers = [
        ("X-Forwarded-For", "9.9.9.9"),
        ("X-Many", "a"),
        ("x-many", "b"),
        ("Cookie", "c=1; d=2"),
        ("User-Agent", "test"),
        ("x-user_id", "forged"),
        ("requestcontext", "{}"),
    ];
    let event = played.get("/v1/items/a%2Fb/parts/%C3%BC?q=1&q=2&r=x%20y&s", &headers).await.json();
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
    let shifted = played.stack.clock().now().as_millisecond() - context["timeEpoch"].as_i64().unwrap();
    assert!((0..10_000).contains(&shifted), "{shifted}");

    let events = played.events();
    let (function, authorizer) = &events[0];
    assert_eq!(function, "authorize-request");
    assert_eq!((&authorizer["type"], &authorizer["identitySource"]), (&json!("REQUEST"), &Value::Null));
    assert!(authorizer["routeArn"].as_str().unwrap().contains("/$default/GET/v1/items/"));
    assert_eq!(authorizer["requestContext"].get("authorizer"), None);
    assert_eq!(authorizer["requestContext"]["timeEpoch"], context["timeEpoch"]);

    let open = played.send(Method::POST, "/v1/introspect", &[], b"").await.json();
    assert_eq!(open["requestContext"].get("authorizer"), None);
}

#[tokio::test]
async fn answers_are_kept_for_the_values_of_the_identity_sources() {
    let mut played = Played::start().await;
    let mut calls = async |target: &str, who: &str| {
        played.get(target, &[("x-who", who)]).await;
        played.events().iter().filter(|(function, _)| function == "authorize-request").count()
    };
    assert_eq!(calls("/v1/cached?who=a", "1").await, 1);
    assert_eq!(calls("/v1/cached?who=a", "1").await, 0);
    assert_eq!(calls("/v1/cached?who=b", "1").await, 1);
    assert_eq!(calls("/v1/cached?who=a", "2").await, 1);
    assert_eq!(calls("/v1/whoami", "1").await, 1);
    assert_eq!(calls("/v1/whoami", "1").await, 1);
}

#[tokio::test]
async fn an_event_that_no_instance_takes_is_a_500() {
    let mut played = Played::start().await;
    for player in played.players.drain(..) {
        player.abort();
    }
    let answered = played.send(Method::POST, "/v1/introspect", &[], b"").await;
    assert_eq!((answered.status, answered.json()), (500, json!({ "message": "Internal Server Error" })));
}

#[tokio::test]
async fn the_stacks_own_routes_answer() {
    let played = Played::start().await;
    let issuer = played.stack.issuer().url().to_owned();
    let discovery = played.get("/_local/oidc/.well-known/openid-configuration", &[]).await.json();
    assert_eq!(
        (&discovery["issuer"], &discovery["jwks_uri"]),
        (&json!(issuer), &json!(format!("{issuer}/jwks.json")))
    );
    let keys = played.get("/_local/oidc/jwks.json", &[]).await.json();
    assert_eq!(keys["keys"][0]["kid"], played.stack.issuer().key_id());
    let signed_in = played.get("/_local/sign-in?subject=alice&email=alice%40example.com", &[]).await.json();
    assert_eq!(signed_in["token"].as_str().unwrap().split('.').count(), 3);
    assert_eq!(played.get("/_local/sign-in?subject=alice", &[]).await.status, 400);
    let shifted = played.send(Method::POST, "/_local/clock", &[], br#"{"offset_seconds":60}"#).await.json();
    assert_eq!(shifted["offset_seconds"], 60);
    assert_eq!(shifted["now"], played.stack.clock().now_text());
    let summary = played
        .send(Method::POST, "/_local/schedules/notify-expiring-keys", &[], br#"{"time":"t"}"#)
        .await
        .json();
    assert_eq!(
        serde_json::from_str::<Value>(summary["body"].as_str().unwrap()).unwrap(),
        json!({ "time": "t", "shards": [1] })
    );
    assert_eq!(played.send(Method::POST, "/_local/schedules/describe-caller", &[], b"").await.status, 404);
    assert_eq!(played.get("/_local/emails", &[]).await.json(), json!([]));
    assert_eq!(played.send(Method::DELETE, "/_local/emails", &[], b"").await.status, 204);
    assert_eq!(
        played.send(Method::POST, "/_local/faults", &[], br#"{"effect":"throttle"}"#).await.status,
        204
    );
    assert_eq!(
        played.send(Method::POST, "/_local/faults", &[], br#"{"effect":"explode"}"#).await.status,
        400
    );
    assert_eq!(played.send(Method::DELETE, "/_local/faults", &[], b"").await.status, 204);
    assert_eq!(played.get("/_local/nothing", &[]).await.status, 404);
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
