//! The Lambda binary that the schedule runs.

use std::process::ExitCode;

use lambda_runtime::{Runtime, service_fn};
use notify_expiring_keys::{Notifier, notify_expiring_keys};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    api::exit_code(async {
        let notifier = &Notifier::from_env().await?;
        api::run(Runtime::new(service_fn(|event| notify_expiring_keys(notifier, event)))).await
    })
    .await
}
