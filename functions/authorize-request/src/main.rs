//! The Lambda authorizer of API Gateway.

use authorize_request::{Authorizer, RawEvents, authorize_request};
use lambda_runtime::{Error, Runtime, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let (authorizer, events) = (&Authorizer::from_env().await?, &RawEvents::default());
    let handler = service_fn(|event| authorize_request(authorizer, events, event));
    Runtime::new(handler).layer(events.clone()).run().await
}
