use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval, timeout};

use crate::{failure::Failure, post::Post};

/// The part of the account's rate that notices take: other mails need some of it too.
const OF_THE_RATE: f64 = 0.8;

/// The slowest and the fastest pace, mails in a second, whatever SES says.
const PACES: (f64, f64) = (0.01, 1_000.0);

/// Holds a run to what SES allows: so many mails in a second, and in a day.
#[derive(Debug)]
pub(crate) struct Pace {
    interval: Interval,
    /// Mails that may still be sent today.
    left: f64,
}

impl Pace {
    /// Asks SES what may be sent, of which this run takes `share` of the rate.
    pub(crate) async fn start(post: &Post, share: f64) -> Result<Self, Failure> {
        let quota = post.quota().await?;
        let mut interval = interval(between(quota.rate * share));
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self { interval, left: quota.left })
    }

    /// Waits until a mail may be sent; `false` if that will not be in time.
    pub(crate) async fn turn(&mut self, time_left: Duration) -> bool {
        !self.is_over(time_left) && timeout(time_left, self.interval.tick()).await.is_ok()
    }

    /// Tells whether nothing more may be sent by this run.
    pub(crate) fn is_over(&self, time_left: Duration) -> bool {
        self.left < 1.0 || time_left.is_zero()
    }

    /// Counts a mail that was sent.
    pub(crate) fn count(&mut self) {
        self.left -= 1.0;
    }

    /// Lets nothing more be sent: the day's quota is used up.
    pub(crate) fn stop(&mut self) {
        self.left = 0.0;
    }
}

/// Returns the time between two mails at a part of the account's rate.
fn between(rate: f64) -> Duration {
    let (slowest, fastest) = PACES;
    let rate = if rate.is_nan() { slowest } else { (rate * OF_THE_RATE).clamp(slowest, fastest) };
    Duration::from_secs_f64(1.0 / rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn pace(left: f64) -> Pace {
        Pace { interval: interval(HOUR), left }
    }

    #[tokio::test]
    async fn a_turn_that_would_come_too_late_is_not_waited_for() {
        let mut pace = pace(5.0);
        assert!(pace.turn(Duration::from_secs(1)).await);
        assert!(!pace.turn(Duration::from_millis(1)).await);
        assert!(!pace.turn(Duration::ZERO).await);
    }

    #[tokio::test]
    async fn a_used_up_quota_leaves_no_turn() {
        let mut pace = pace(1.0);
        pace.count();
        assert!(!pace.turn(HOUR).await);
    }

    #[test]
    fn any_rate_gives_a_pace() {
        for (rate, milliseconds) in [
            (12.5, 100),
            (0.0, 100_000),
            (-1.0, 100_000),
            (f64::NAN, 100_000),
            (f64::INFINITY, 1),
            (f64::MAX, 1),
        ] {
            assert_eq!(between(rate), Duration::from_millis(milliseconds), "{rate}");
        }
    }
}
