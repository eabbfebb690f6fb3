//! Attempts at what conflicts with others: how many, and the wait before each.

use std::time::Duration;

/// The most attempts at a request that conflicts with others, the first one included.
///
/// A request that conflicted twelve times has seen twelve others succeed.
pub const MAX_ATTEMPTS: u32 = 12;

/// Waits before an attempt, counted from 0. The first attempt does not wait. The others wait a random time: at most
/// 5 ms before the second, then 10, 20, 40, 80, 160 and from then on 320 ms.
pub async fn backoff(attempt: u32) {
    let Some(doublings) = attempt.checked_sub(1) else { return };
    tokio::time::sleep(Duration::from_millis(rand::random_range(0..=longest_wait(doublings)))).await;
}

/// Returns the longest wait after so many doublings, in milliseconds. More than six count as six.
fn longest_wait(doublings: u32) -> u64 {
    5 << doublings.min(6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_third_of_a_second() {
        let waits: Vec<_> = (0..=8).map(longest_wait).collect();
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 320, 320, 320]);
        assert_eq!(longest_wait(u32::MAX), 320);
    }
}
