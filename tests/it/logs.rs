//! Each line that a function logs within a request can be joined to that request.

use kit::{Effect, Fault, Options, Service, Stack};
use serde_json::{Value, json};

/// Runs a test on a stack of its own and returns what the function has logged since its start, once nothing is missing.
fn lines_of(function: &str, test: impl AsyncFnOnce(&Stack)) -> Vec<Value> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.unwrap().block_on(async {
        let stack = Stack::start(Options { memory: true, ..Options::default() }).await.unwrap();
        test(&stack).await;
        let lines = stack.stop().await.by_function(function);
        let lines = lines.iter().map(|line| serde_json::from_str(line).unwrap());
        lines.filter(|line: &Value| line["message"] != "started an instance").collect()
    })
}

fn sample_event(function: &str) -> Value {
    let path = format!("{}/events/{function}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn has_lambda_id(line: &Value) -> bool {
    line["lambda_request_id"].as_str().is_some_and(|id| !id.is_empty())
}

#[test]
fn a_500_of_the_gateway_is_joined_to_the_line_that_says_why() {
    let token = "ak_7HcX2mPq9LwZtR4bK1nV_00000000000000000000000000000000000000000004MWDTL";
    let mut request_id = String::new();
    let lines = lines_of("authorize-request", async |stack| {
        let fault = Fault::on(Service::DynamoDb, Effect::ServerError).operation("BatchGetItem");
        stack.faults().add(fault);
        let request = reqwest::Client::new().get(format!("{}/v1/whoami", stack.url()));
        let answer = request.header("x-access-key", token).send().await.unwrap();
        assert_eq!(answer.status(), 500);
        answer.headers()["apigw-requestid"].to_str().unwrap().clone_into(&mut request_id);
    });
    let [line] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!((&line["level"], &line["request_id"]), (&json!("ERROR"), &json!(request_id)));
    assert_eq!(line["message"], "could not decide on a request");
    assert!(has_lambda_id(line), "{line}");
}

#[test]
fn an_event_that_lacks_its_time_is_joined_to_the_line_that_says_so() {
    let mut event = sample_event("authorize-request");
    event["requestContext"].as_object_mut().unwrap().remove("timeEpoch");
    let lines = lines_of("authorize-request", async |stack| {
        stack.invoke("authorize-request", &event).await.unwrap_err();
    });
    let [line] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!(line["request_id"], event["requestContext"]["requestId"]);
    assert_eq!(line["causes"], "the event has no requestContext.timeEpoch");
}

#[test]
fn a_refusal_by_a_rest_api_is_one_line_and_no_failure() {
    let event = sample_event("authorize-request-rest");
    let lines = lines_of("authorize-request", async |stack| {
        let error = stack.invoke("authorize-request", &event).await.unwrap_err();
        assert_eq!(error.error_message, "Unauthorized");
    });
    let [line] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!(
        (&line["level"], &line["request_id"]),
        (&json!("INFO"), &event["requestContext"]["requestId"])
    );
}

#[test]
fn the_id_in_a_failed_response_finds_the_line_that_says_why() {
    let mut request_id = String::new();
    let lines = lines_of("manage-organization", async |stack| {
        let get = async |path: &str, token: &str| {
            let request = reqwest::Client::new().get(format!("{}{path}", stack.url()));
            request.bearer_auth(token).send().await.unwrap()
        };
        let sign_in = get("/_local/sign-in?subject=alice&email=alice@example.com", "").await;
        let sign_in: Value = serde_json::from_slice(&sign_in.bytes().await.unwrap()).unwrap();
        let fault = Fault::on(Service::DynamoDb, Effect::ServerError).function("manage-organization");
        stack.faults().add(fault);
        let response = get("/v1/organizations", sign_in["token"].as_str().unwrap()).await;
        assert!(response.status().is_server_error(), "{response:?}");
        response.headers()["apigw-requestid"].to_str().unwrap().clone_into(&mut request_id);
    });
    let joined: Vec<_> = lines.iter().filter(|line| line["request_id"] == request_id).collect();
    let [line] = &joined[..] else { panic!("{lines:?}") };
    assert_eq!(line["level"], "ERROR");
    assert!(has_lambda_id(line), "{line}");
}

#[test]
fn a_500_of_a_handler_is_joined_to_the_line_that_says_why() {
    let mut event = sample_event("get-access-key");
    event["requestContext"]["authorizer"]["lambda"]["user_kind"] = json!("root");
    let lines = lines_of("get-access-key", async |stack| {
        let answer = stack.invoke("get-access-key", &event).await.unwrap();
        assert_eq!(answer["statusCode"], 500);
    });
    let [line] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!(line["request_id"], event["requestContext"]["requestId"]);
    assert!(has_lambda_id(line), "{line}");
}

#[test]
fn an_event_that_no_gateway_sends_is_answered_and_ends_no_instance() {
    let lines = lines_of("describe-caller", async |stack| {
        for payload in [json!(null), json!([]), json!({"time": "2026-01-01T00:00:00Z"})] {
            let error = stack.invoke("describe-caller", &payload).await.unwrap_err();
            assert_eq!(error.error_type, "NotAnEvent");
        }
        let mut hostile = sample_event("describe-caller");
        hostile["headers"]["host"] = json!("no host");
        assert_eq!(stack.invoke("describe-caller", &hostile).await.unwrap()["statusCode"], 200);
        hostile["rawQueryString"] = json!("a=\"<b> c");
        assert_eq!(stack.invoke("describe-caller", &hostile).await.unwrap()["statusCode"], 400);
        hostile["body"] = json!("no base64");
        hostile["isBase64Encoded"] = json!(true);
        assert_eq!(stack.invoke("describe-caller", &hostile).await.unwrap()["statusCode"], 400);
    });
    assert_eq!(lines.len(), 5, "{lines:?}");
    assert!(lines.iter().all(|line| line["lambda_request_id"].is_string()), "{lines:?}");
    assert!(lines[3..].iter().all(|line| line["request_id"].is_string()), "{lines:?}");
}
