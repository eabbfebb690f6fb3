//! The Lambda binary behind `GET /v1/whoami` and `GET …/whoami`.

use std::{future::ready, process::ExitCode};

use api::{app::Environment, exit_code, serve};
use describe_caller::describe_caller;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    exit_code(async {
        Environment::start()?;
        serve(|request| ready(describe_caller(request))).await
    })
    .await
}
