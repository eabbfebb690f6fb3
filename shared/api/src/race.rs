use table::{MAX_ATTEMPTS, backoff};

use crate::Problem;

/// Repeats `attempt` while it loses races, each time from fresh reads.
///
/// After [`MAX_ATTEMPTS`] losses the last one is the answer: unavailable, retry later.
pub async fn until_won<T, F: Future<Output = Result<T, Problem>>>(
    attempt: impl Fn() -> F,
) -> Result<T, Problem> {
    let mut losses = 0;
    loop {
        match attempt().await {
            Err(problem) if problem.is_lost_race() && losses < MAX_ATTEMPTS => backoff(losses).await,
            other => return other,
        }
        losses += 1;
    }
}
