//! The Lambda authorizer of API Gateway.

use std::process::ExitCode;

use authorize_request::{Authorizer, RawEvents, authorize_request};
use lambda_runtime::{Runtime, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    api::exit_code(async {
        let (authorizer, events) = (&Authorizer::from_env().await?, &RawEvents::default());
        let handler = service_fn(|event| authorize_request(authorizer, events, event));
        api::run(Runtime::new(handler).layer(events.clone())).await
    })
    .await
}
