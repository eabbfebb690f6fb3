//! The Lambda binary that the schedule runs.

use api::request_span;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use notify_expiring_keys::{Notifier, notify_expiring_keys};
use tracing::Instrument as _;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let notifier = &Notifier::from_env().await?;
    let notify = |event: LambdaEvent<_>| {
        let span = request_span(&event.context.request_id, None);
        notify_expiring_keys(notifier, event).instrument(span)
    };
    run(service_fn(notify)).await
}
