//! The Lambda binary that the schedule of the pepper runs.

use std::process::ExitCode;

use lambda_runtime::{Runtime, service_fn};
use rotate_pepper::{PepperRotator, rotate_pepper};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    api::exit_code(async {
        let rotator = &PepperRotator::from_env()?;
        api::run(Runtime::new(service_fn(|event| rotate_pepper(rotator, event)))).await
    })
    .await
}
