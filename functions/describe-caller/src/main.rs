//! The Lambda binary behind `GET /v1/whoami` and `GET …/whoami`.

use std::future::ready;

use api::{app::Environment, serve};
use describe_caller::describe_caller;
use lambda_http::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    Environment::start()?;
    serve(|request| ready(describe_caller(request))).await
}
