//! A function that does nothing, and writes one log line as long as the authorizer's for a malformed credential.

use std::io::{self, Write as _};

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::de::IgnoredAny;
use serde_json::{Value, json};

/// A line of the authorizer. The bench checks that it is as long as those that it writes.
const LINE: &str = concat!(
    r#"{"timestamp":"2026-11-28T12:00:00.000Z","level":"INFO","message":"refused a request","reason":"malformed","#,
    r#""_aws":{"Timestamp":1795867200000,"CloudWatchMetrics":[{"Namespace":"local","Dimensions":[["reason"]],"#,
    r#""Metrics":[{"Name":"Refusals","Unit":"Count"}]}]},"Refusals":1,"request_id":"JKJaXmPLvHcESHA=","#,
    r#""api_id":"a1b2c3d4e5","route":"GET /clusters","source_ip":"192.0.2.10","#,
    r#""lambda_request_id":"00000000-0000-0000-0000-000000000000","#,
    r#""trace_id":"1-5bef4de7-ad49b0e87f6ef6c87fc2e700"}"#,
    "\n",
);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(refuse)).await
}

async fn refuse(_: LambdaEvent<IgnoredAny>) -> Result<Value, Error> {
    io::stdout().lock().write_all(LINE.as_bytes())?;
    Ok(json!({"isAuthorized": false}))
}
