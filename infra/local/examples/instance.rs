//! A function for the tests of the runtime. Its event chooses its behaviour.

use std::{
    sync::LazyLock,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

#[expect(clippy::disallowed_methods, reason = "a function reads the variables that Lambda sets")]
fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    if variable("MODE") == "broken" {
        return Err("cannot start".into());
    }
    run(service_fn(handle)).await
}

#[expect(clippy::print_stdout, reason = "the test reads the lines that a function writes")]
async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    match event.payload["do"].as_str().unwrap_or_default() {
        "exit" => std::process::exit(3),
        "fail" => return Err("refused".into()),
        "sleep" => tokio::time::sleep(Duration::from_mins(1)).await,
        "nap" => tokio::time::sleep(Duration::from_millis(50)).await,
        "print" => println!("a line of output"),
        "call" => return Ok(json!({ "calls": calls(event.payload["times"].as_u64().unwrap_or(1)).await })),
        "clocks" => return Ok(clocks(event.context.deadline)),
        _ => {}
    }
    Ok(json!({
        "instance": variable("AWS_ACCESS_KEY_ID"),
        "table": variable("TABLE_NAME"),
        "memory": variable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"),
        "arn": event.context.invoked_function_arn,
        "left": event.context.deadline,
    }))
}

/// Tells the seconds of the machine's clock and of the process's, and those until the deadline.
#[expect(clippy::disallowed_methods, reason = "the test shifts the clocks that are read here")]
fn clocks(deadline: u64) -> Value {
    static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);
    let real = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let left = Duration::from_millis(deadline).saturating_sub(real);
    json!({ "real": real.as_secs(), "process": STARTED.elapsed().as_secs(), "left": left.as_secs() })
}

/// Lists the tables several times, and returns the outcome of each call.
async fn calls(times: u64) -> Vec<String> {
    static CLIENT: LazyLock<Client<HttpConnector, Full<Bytes>>> =
        LazyLock::new(|| Client::builder(TokioExecutor::new()).build_http());
    let mut results = Vec::new();
    for _ in 0..times {
        let id = variable("AWS_ACCESS_KEY_ID");
        let authorization =
            format!("AWS4-HMAC-SHA256 Credential={id}/20260101/us-east-1/dynamodb/aws4_request, Signature=0");
        let request = Request::post(variable("AWS_ENDPOINT_URL_DYNAMODB"))
            .header("x-amz-target", "DynamoDB_20120810.ListTables")
            .header("content-type", "application/x-amz-json-1.0")
            .header("authorization", authorization)
            .header("x-amz-security-token", variable("AWS_SESSION_TOKEN"))
            .body(Full::from("{}"))
            .expect("the parts are valid");
        results.push(match CLIENT.request(request).await {
            Ok(answer) => answer.status().as_u16().to_string(),
            Err(_) => "lost".to_owned(),
        });
    }
    results
}
