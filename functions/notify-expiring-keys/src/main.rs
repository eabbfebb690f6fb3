//! The Lambda binary that the schedule runs.

use lambda_runtime::{Error, run, service_fn};
use notify_expiring_keys::{Notifier, notify_expiring_keys};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let notifier = &Notifier::from_env().await?;
    run(service_fn(|event| notify_expiring_keys(notifier, event))).await
}
