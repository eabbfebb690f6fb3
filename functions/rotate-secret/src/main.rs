//! The Lambda binary that Secrets Manager calls to rotate a secret with an access key.

use std::process::ExitCode;

use lambda_runtime::{Runtime, service_fn};
use rotate_secret::{Rotator, rotate_secret};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    api::exit_code(async {
        let rotator = &Rotator::from_env()?;
        api::run(Runtime::new(service_fn(|event| rotate_secret(rotator, event)))).await
    })
    .await
}
