//! Rotates an access key that a secret of Secrets Manager holds, in the account of whoever uses the key.
//!
//! Secrets Manager calls it in four steps, each maybe several times, and it may end anywhere.
//!
//! - At each instant the secret of `AWSCURRENT` or that of `AWSPENDING` works. The replaced secret works on for days, and a
//!   crash between the API's answer and `PutSecretValue` is mended by rotating again with that replaced secret.
//! - No request has an `Idempotency-Key`: a replayed answer has no secret.
//! - Neither a log line nor an error holds a secret.

mod api_client;
mod document;
mod event;
mod overlap;
mod rotator;
mod steps;
mod stop;
mod versions;

use api::FAILURE;
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::Value;

use event::RotationEvent;
use stop::Stop;

pub use rotator::Rotator;

/// Carries out one step of a rotation. Fails if it is not done: Secrets Manager then takes the rotation up again.
pub async fn rotate_secret(rotator: &Rotator, event: LambdaEvent<Value>) -> Result<(), Diagnostic> {
    let done = async {
        let event = RotationEvent::parse(&event.payload)?;
        steps::carry_out(rotator, &event).await
    };
    // On the heap, or the awaits of `main` nest deeper than rustc's `recursion_limit` of 128.
    Box::pin(done).await.map_err(|stop| failed(&stop))
}

/// Logs a failure, once, and makes it the invocation's error.
fn failed(stop: &Stop) -> Diagnostic {
    tracing::error!(causes = api::causes(stop), metrics = %FAILURE, "could not rotate the secret");
    Diagnostic { error_type: "Failure".to_owned(), error_message: stop.to_string() }
}
