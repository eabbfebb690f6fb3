//! The Lambda binary behind `GET /v1/whoami`.

use std::future::ready;

use api::{answer, app::Environment};
use describe_caller::describe_caller;
use lambda_http::{Error, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    Environment::start()?;
    run(service_fn(|request| answer(ready(describe_caller(request))))).await
}
