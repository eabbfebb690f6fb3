//! The Lambda authorizer of API Gateway.

use authorize_request::{Authorizer, authorize_request};
use lambda_runtime::{Error, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let authorizer = &Authorizer::from_env().await?;
    run(service_fn(|event| authorize_request(authorizer, event))).await
}
