//! The Lambda binary that the schedule runs.

use api::with_request_ids;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use notify_expiring_keys::{Notifier, notify_expiring_keys};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let notifier = &Notifier::from_env().await?;
    let notify = |event: LambdaEvent<_>| {
        let lambda_request_id = event.context.request_id.clone();
        with_request_ids(lambda_request_id, None, notify_expiring_keys(notifier, event))
    };
    run(service_fn(notify)).await
}
