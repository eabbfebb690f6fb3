//! The endpoints over the wire: each service, the faults before it, and the state that survives a restart.

use std::path::Path;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use serde_json::{Value, json};

use crate::{
    Effect, Fault, Options, Quota, Service, Stack, When, binaries::Binaries, encoding, http, random,
    stack::Functions,
};

const TEMPLATE: &str = include_str!("../template/fixture.yaml");

async fn start(options: Options) -> Stack {
    Stack::assemble(options, Path::new("."), TEMPLATE, Functions::Given(Binaries::new())).await.unwrap()
}

async fn memory() -> Stack {
    start(Options { memory: true, ..Options::default() }).await
}

/// Sends a request; `None` where the connection was dropped.
async fn send(stack: &Stack, target: Option<&str>, body: String) -> Option<(u16, String)> {
    let mut request = Request::post(&stack.environment()["AWS_ENDPOINT_URL_DYNAMODB"]);
    if let Some(target) = target {
        request = request.header("x-amz-target", target).header("content-type", "application/x-amz-json-1.0");
    }
    let response = http::client().request(request.body(Full::new(Bytes::from(body))).unwrap()).await.ok()?;
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.ok()?.to_bytes();
    Some((status, String::from_utf8(body.to_vec()).unwrap()))
}

async fn dynamodb(stack: &Stack, operation: &str, request: Value) -> Option<(u16, Value)> {
    let target = format!("DynamoDB_20120810.{operation}");
    let (status, body) = send(stack, Some(&target), request.to_string()).await?;
    Some((status, serde_json::from_str(&body).unwrap()))
}

async fn mail(stack: &Stack, to: &str) -> Option<(u16, String)> {
    let message = format!("From: keys@example.com\r\nTo: {to}\r\nSubject: hi\r\n\r\nbody\r\n");
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("Action", "SendRawEmail");
    form.append_pair("RawMessage.Data", &encoding::encode(message));
    form.append_pair("Destinations.member.1", to);
    send(stack, None, form.finish()).await
}

fn key(name: &str) -> Value {
    json!({ "PK": { "S": name }, "SK": { "S": "x" } })
}

fn add_one(token: &str) -> Value {
    json!({ "ClientRequestToken": token, "TransactItems": [{ "Update": {
        "TableName": "access-keys", "Key": key("a"), "UpdateExpression": "ADD n :one",
        "ExpressionAttributeValues": { ":one": { "N": "1" } },
    } }] })
}

async fn count(stack: &Stack) -> Value {
    let request = json!({ "TableName": "access-keys", "Key": key("a"), "ConsistentRead": true });
    dynamodb(stack, "GetItem", request).await.unwrap().1["Item"]["n"]["N"].clone()
}

#[tokio::test]
async fn a_transaction_whose_reply_was_lost_is_done_once() {
    let stack = memory().await;
    stack.faults().add(
        Fault::on(Service::DynamoDb, Effect::LoseReply).operation("TransactWriteItems").when(When::Nth(1)),
    );
    assert!(dynamodb(&stack, "TransactWriteItems", add_one("t1")).await.is_none());
    assert_eq!(count(&stack).await, "1");
    assert_eq!(dynamodb(&stack, "TransactWriteItems", add_one("t1")).await.unwrap().0, 200);
    assert_eq!(count(&stack).await, "1");
    stack.faults().add(Fault::on(Service::DynamoDb, Effect::LoseRequest).operation("TransactWriteItems"));
    assert!(dynamodb(&stack, "TransactWriteItems", add_one("t2")).await.is_none());
    assert_eq!(count(&stack).await, "1");
}

#[tokio::test]
async fn a_struck_write_is_not_done() {
    let stack = memory().await;
    for effect in [Effect::Throttle, Effect::ServerError, Effect::TransactionConflict { position: 0 }] {
        stack.faults().clear();
        stack.faults().add(Fault::on(Service::DynamoDb, effect).operation("TransactWriteItems"));
        let (status, _) = dynamodb(&stack, "TransactWriteItems", add_one("t1")).await.unwrap();
        assert!(status >= 400);
        assert_eq!(count(&stack).await, Value::Null);
    }
}

#[tokio::test]
async fn unprocessed_keys_are_named_and_the_others_are_read() {
    let stack = memory().await;
    dynamodb(&stack, "TransactWriteItems", add_one("t1")).await.unwrap();
    let request = json!({ "RequestItems": { "access-keys": { "Keys": [key("a"), key("b")] } } });
    let unprocessed = Effect::Unprocessed { count: 1 };
    stack.faults().add(Fault::on(Service::DynamoDb, unprocessed).operation("BatchGetItem"));
    let (status, response) = dynamodb(&stack, "BatchGetItem", request).await.unwrap();
    assert_eq!(status, 200);
    assert_eq!(response["Responses"]["access-keys"].as_array().map(Vec::len), Some(1));
    assert_eq!(response["UnprocessedKeys"]["access-keys"]["Keys"], json!([key("b")]));
}

#[tokio::test]
async fn mails_are_kept_refused_lost_and_counted() {
    let stack = memory().await;
    assert_eq!(mail(&stack, "a@example.com").await.unwrap().0, 200);
    stack.faults().add(Fault::on(Service::Ses, Effect::RejectMessage).recipient("bad@example.com"));
    let (status, refused) = mail(&stack, "bad@example.com").await.unwrap();
    assert!(status == 400 && refused.contains("<Code>MessageRejected</Code>"), "{refused}");
    stack.faults().add(Fault::on(Service::Ses, Effect::LoseReply).recipient("lost@example.com"));
    assert!(mail(&stack, "lost@example.com").await.is_none());
    let recipients: Vec<_> = stack.emails().into_iter().flat_map(|email| email.to).collect();
    assert_eq!(recipients, ["a@example.com", "lost@example.com"]);
    stack.set_quota(Quota { max_24_hour_send: 2.0, max_send_rate: 1.0, sent_last_24_hours: 0.0 });
    let (_, quota) = send(&stack, None, "Action=GetSendQuota".to_owned()).await.unwrap();
    assert!(
        quota.contains("<SentLast24Hours>2.0</SentLast24Hours><Max24HourSend>2.0</Max24HourSend>"),
        "{quota}"
    );
    assert!(mail(&stack, "c@example.com").await.unwrap().1.contains("<Code>Throttling</Code>"));
}

#[tokio::test]
async fn state_survives_a_restart() {
    let folder = std::env::temp_dir().join(format!("local-{}", random::uuid()));
    let options = || Options { data_dir: Some(folder.clone()), ..Options::default() };
    let first = start(options()).await;
    dynamodb(&first, "TransactWriteItems", add_one("t1")).await.unwrap();
    mail(&first, "a@example.com").await.unwrap();
    let pepper = first.secret("Pepper");
    let key_id = first.issuer().key_id();
    first.stop().await;
    let second = start(options()).await;
    assert_eq!(count(&second).await, "1");
    assert_eq!(second.emails()[0].to, ["a@example.com"]);
    assert_eq!((second.secret("Pepper"), second.issuer().key_id()), (pepper, key_id));
    second.stop().await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn another_dynamodb_can_be_used() {
    let other = memory().await;
    let endpoint = other.environment()["AWS_ENDPOINT_URL_DYNAMODB"].clone();
    let stack =
        start(Options { memory: true, dynamodb_endpoint: Some(endpoint), ..Options::default() }).await;
    assert!(stack.database().is_none());
    dynamodb(&stack, "TransactWriteItems", add_one("t1")).await.unwrap();
    assert_eq!(count(&other).await, "1");
    let nobody = Options {
        memory: true,
        dynamodb_endpoint: Some("http://127.0.0.1:1".to_owned()),
        ..Options::default()
    };
    let refused = Stack::assemble(nobody, Path::new("."), TEMPLATE, Functions::Given(Binaries::new()))
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("does not answer"), "{refused}");
}

#[tokio::test]
async fn a_busy_port_is_one_line_that_says_what_to_do() {
    let stack = memory().await;
    let port = stack.url().rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap();
    let options = Options { port, memory: true, ..Options::default() };
    let refused = Stack::assemble(options, Path::new("."), TEMPLATE, Functions::Given(Binaries::new()))
        .await
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        format!("port {port} is in use: stop what listens there, or choose another with --port")
    );
}

#[tokio::test]
async fn a_page_on_the_web_reaches_no_service() {
    let stack = memory().await;
    for (name, value, status) in
        [("host", "evil.example:8000", 403), ("origin", "https://evil.example", 403), ("accept", "*/*", 404)]
    {
        let request = Request::post(&stack.environment()["AWS_ENDPOINT_URL_DYNAMODB"])
            .header("x-amz-target", "DynamoDB_20120810.Scan")
            .header(name, value);
        let response =
            http::client().request(request.body(Full::new(Bytes::from("{}"))).unwrap()).await.unwrap();
        assert_eq!(response.status(), status, "{name}: {value}");
    }
}
