use std::time::Duration;

/// How often a passing conflict, or a lost race, is tried again.
///
/// Whoever loses twelve times has seen twelve others win.
pub const MAX_ATTEMPTS: u32 = 12;

/// Waits a random time that grows with the number of failures: at most 5 ms, then 10, … 320 ms.
pub async fn backoff(failures: u32) {
    let most = 5_u64 << failures.min(6);
    tokio::time::sleep(Duration::from_millis(rand::random_range(0..=most))).await;
}
