//! Retries of conflicts: how often, and the pause before each.

use std::time::Duration;

/// The most attempts of a write that conflicts with others.
///
/// A request that conflicted twelve times has seen twelve others succeed.
pub const MAX_ATTEMPTS: u32 = 12;

/// Waits a random time that grows with the number of failures: at most 5 ms, then 10, … 320 ms.
pub async fn backoff(failures: u32) {
    let most = 5_u64 << failures.min(6);
    tokio::time::sleep(Duration::from_millis(rand::random_range(0..=most))).await;
}
