//! A function that does nothing, and writes one log line as long as the authorizer's for a malformed credential.

use std::io::{self, Write as _};

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::de::IgnoredAny;
use serde_json::{Value, json};

/// A line of the authorizer. The bench checks that it is as long as those that it writes.
const LINE: &str = concat!(
    r#"{"level":"INFO","message":"refused a request","refusal.reason":"malformed","#,
    r#""request_id":"JKJaXmPLvHcESHA=","lambda_request_id":"00000000-0000-0000-0000-000000000000"}"#,
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
