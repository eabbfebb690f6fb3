//! A function that does nothing: what Lambda's runtime costs by itself.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::de::IgnoredAny;
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(refuse)).await
}

async fn refuse(_: LambdaEvent<IgnoredAny>) -> Result<Value, Error> {
    Ok(json!({"isAuthorized": false}))
}
