//! The gateway over functions whose instances the tests play.

mod authorizers;
mod events;
mod local_routes;
mod provider;
mod responses;

use std::{path::Path, sync::Arc};

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

/// A stack whose instances are gateway here. Headers of the request choose their responses.
struct TestGateway {
    stack: Stack,
    client: HttpClient,
    events: mpsc::UnboundedReceiver<(String, Value)>,
    instances: Vec<JoinHandle<()>>,
}

impl Drop for TestGateway {
    fn drop(&mut self) {
        self.instances.iter().for_each(JoinHandle::abort);
    }
}

struct TestResponse {
    status: u16,
    headers: hyper::HeaderMap,
    body: Bytes,
}

impl TestResponse {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl TestGateway {
    async fn start() -> Self {
        let options = Options { memory: true, instance_clocks: true, ..Options::default() };
        let stack = Stack::assemble(options, Path::new("."), TEMPLATE, Functions::Given(Binaries::new()))
            .await
            .unwrap();
        let (seen, events) = mpsc::unbounded_channel();
        let seen = Arc::new(seen);
        let mut instances = Vec::new();
        for function in ["authorize-request", "describe-caller", "notify-expiring-keys"] {
            let base = format!("{}/{function}/1/2018-06-01/runtime/invocation", stack.runtime_api);
            let seen = Arc::clone(&seen);
            instances.push(tokio::spawn(async move { run_instance(function, &base, &seen).await }));
            stack.warm_up(function, 1).await.unwrap();
        }
        Self { stack, client: http::client(), events, instances }
    }

    async fn send(
        &self,
        method: Method,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> TestResponse {
        let mut request = Request::builder().method(method).uri(format!("{}{target}", self.stack.url()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::copy_from_slice(body))).unwrap();
        let (head, body) = self.client.request(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        TestResponse { status: head.status.as_u16(), headers: head.headers, body }
    }

    async fn get(&self, target: &str, headers: &[(&str, &str)]) -> TestResponse {
        self.send(Method::GET, target, headers, b"").await
    }

    /// Takes the events that the functions received since the last call.
    fn events(&mut self) -> Vec<(String, Value)> {
        std::iter::from_fn(|| self.events.try_recv().ok()).collect()
    }
}

/// Plays one instance. The header `x-authorizer` or `x-handler` of the event chooses the response.
async fn run_instance(function: &str, base: &str, seen: &mpsc::UnboundedSender<(String, Value)>) {
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
        let chosen = |name: &str| event["headers"][name].as_str().unwrap_or_default().to_owned();
        let (path, response) = if function == "authorize-request" {
            authorizer_response(&chosen("x-authorizer"), &event)
        } else {
            handler_response(&chosen("x-handler"), &event)
        };
        let response = Request::post(format!("{base}/{id}/{path}")).body(Full::from(response)).unwrap();
        client.request(response).await.ok();
    }
}

fn authorizer_response(chosen: &str, event: &Value) -> (&'static str, String) {
    let context = json!({ "user_id": "u1", "key_id": "" });
    let response = match chosen {
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
    ("response", response.to_string())
}

fn handler_response(chosen: &str, event: &Value) -> (&'static str, String) {
    match chosen {
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
