use std::{cell::Cell, time::Duration};

use tokio::{
    sync::Mutex,
    time::{Interval, MissedTickBehavior, interval, timeout},
};

use crate::{failure::Failure, post::Post};

/// The part of the account's rate that notices take: other mails need some of it too.
const OF_THE_RATE: f64 = 0.8;

/// The slowest and the fastest pace, mails in a second, whatever SES says.
const PACES: (f64, f64) = (0.01, 1_000.0);

/// Holds a run to what SES allows: so many mails in a second, and in a day.
#[derive(Debug)]
pub(crate) struct Pace {
    interval: Mutex<Interval>,
    /// Mails that may still be sent today.
    left: Cell<f64>,
}

/// That one mail may be sent; where it is not used, another may be sent instead.
#[derive(Debug)]
pub(crate) struct Turn<'a>(&'a Pace);

impl Pace {
    /// Asks SES what may be sent, of which this run takes `share` of the rate.
    pub(crate) async fn start(post: &Post, share: f64) -> Result<Self, Failure> {
        let quota = post.quota().await?;
        let mut interval = interval(between(quota.rate * share));
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self { interval: Mutex::new(interval), left: Cell::new(quota.left) })
    }

    /// Lets no mail be sent.
    pub(crate) fn none() -> Self {
        Self { interval: Mutex::new(interval(between(0.0))), left: Cell::new(0.0) }
    }

    /// Takes one of the mails that may still be sent today; `None` if there are none.
    pub(crate) fn turn(&self) -> Option<Turn<'_>> {
        (self.left.get() >= 1.0).then(|| {
            self.left.set(self.left.get() - 1.0);
            Turn(self)
        })
    }
}

impl Turn<'_> {
    /// Waits until the mail may be sent; `false` if that will not be in time.
    pub(crate) async fn comes(&self, time_left: Duration) -> bool {
        let tick = async { self.0.interval.lock().await.tick().await };
        !time_left.is_zero() && timeout(time_left, tick).await.is_ok()
    }

    /// Counts the mail against the day's quota.
    pub(crate) fn use_up(self) {
        std::mem::forget(self);
    }

    /// Lets nothing more be sent: the day's quota is used up.
    pub(crate) fn stop(self) {
        self.0.left.set(f64::NEG_INFINITY);
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.left.set(self.0.left.get() + 1.0);
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
        Pace { interval: Mutex::new(interval(HOUR)), left: Cell::new(left) }
    }

    #[tokio::test]
    async fn a_turn_that_would_come_too_late_is_not_waited_for() {
        let pace = pace(5.0);
        let turn = pace.turn().unwrap();
        assert!(turn.comes(Duration::from_secs(1)).await);
        assert!(!turn.comes(Duration::from_millis(1)).await);
        assert!(!turn.comes(Duration::ZERO).await);
    }

    #[tokio::test]
    async fn a_used_up_quota_leaves_no_turn() {
        let pace = pace(1.0);
        let turn = pace.turn().unwrap();
        assert!(pace.turn().is_none(), "what is being sent counts");
        drop(turn);
        pace.turn().unwrap().use_up();
        assert!(pace.turn().is_none());
    }

    #[tokio::test]
    async fn after_a_refusal_for_the_day_no_turn_is_given_back() {
        let pace = pace(9.0);
        let other = pace.turn().unwrap();
        pace.turn().unwrap().stop();
        drop(other);
        assert!(pace.turn().is_none());
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
