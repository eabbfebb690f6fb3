//! Repeats a change that another change got ahead of.

use table::{ATTEMPTS, pause};

use crate::HandlerError;

/// Repeats `attempt` while it fails with a conflict. Each attempt must read again and decide again.
///
/// After [`ATTEMPTS`] conflicts the last one is returned.
pub async fn retry_on_conflict<T, F: Future<Output = Result<T, HandlerError>>>(
    attempt: impl Fn() -> F,
) -> Result<T, HandlerError> {
    let mut conflicts = 0;
    loop {
        match attempt().await {
            Err(HandlerError::Store(table::Error::LostRace)) if conflicts < ATTEMPTS => {
                pause(conflicts).await;
            }
            other => return other,
        }
        conflicts += 1;
    }
}
