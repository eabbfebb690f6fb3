//! Repeats a change that another change got ahead of.

use table::{MAX_ATTEMPTS, backoff};

use crate::HandlerError;

/// Repeats `attempt` while it fails with a conflict, at most [`MAX_ATTEMPTS`] times. Each attempt must read again and
/// decide again. Returns the last conflict if none succeeds.
pub async fn retry_on_conflict<T, F: Future<Output = Result<T, HandlerError>>>(
    attempt: impl Fn() -> F,
) -> Result<T, HandlerError> {
    let mut conflicts = 0;
    loop {
        match attempt().await {
            Err(HandlerError::Store(table::Error::Conflict)) if conflicts < MAX_ATTEMPTS => {
                backoff(conflicts).await;
            }
            other => return other,
        }
        conflicts += 1;
    }
}
