//! Keeps a run within the limits of SES: mails in a second, and in a day.

use std::{cell::Cell, time::Duration};

use tokio::{
    sync::Mutex,
    time::{Interval, MissedTickBehavior, interval, timeout},
};

use super::{daily_limit::ReservedMail, ses::Quota};

/// The part of the account's rate that notices use. The rest is for other mails.
const SHARE_OF_ACCOUNT: f64 = 0.8;

/// The slowest and the fastest rate, in mails a second, whatever SES answers.
const RATES: (f64, f64) = (0.01, 1_000.0);

/// Limits the mails of a run.
#[derive(Debug)]
pub(super) struct RateLimiter {
    interval: Mutex<Interval>,
    /// Mails until the day's quota is used up.
    left: Cell<f64>,
}

/// Permission to send one mail. Dropping it unused returns it to the quota.
#[derive(Debug)]
pub(super) struct Permit<'a> {
    limiter: &'a RateLimiter,
    /// The mail of the organization's day that it takes, if it takes one.
    reserved: Option<ReservedMail<'a>>,
}

impl RateLimiter {
    /// Returns a limiter for a run that may use `share` of the rate.
    pub(super) fn new(quota: Quota, share: f64) -> Self {
        let mut interval = interval(between(quota.rate * share));
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { interval: Mutex::new(interval), left: Cell::new(quota.left) }
    }

    /// Returns a limiter that permits no mail.
    pub(super) fn closed() -> Self {
        Self { interval: Mutex::new(interval(between(0.0))), left: Cell::new(0.0) }
    }

    /// Takes a permit from the day's quota; `None` if it is used up.
    pub(super) fn permit(&self) -> Option<Permit<'_>> {
        self.is_open().then(|| {
            self.left.set(self.left.get() - 1.0);
            Permit { limiter: self, reserved: None }
        })
    }

    /// Returns whether any mail may be sent.
    pub(super) fn is_open(&self) -> bool {
        self.left.get() >= 1.0
    }
}

impl<'a> Permit<'a> {
    /// Adds a mail of the organization's day.
    pub(super) fn with(mut self, reserved: ReservedMail<'a>) -> Self {
        self.reserved = Some(reserved);
        self
    }

    /// Waits until the rate allows the mail; `false` if that takes longer than `time_left`.
    pub(super) async fn ready(&self, time_left: Duration) -> bool {
        let tick = async { self.limiter.interval.lock().await.tick().await };
        !time_left.is_zero() && timeout(time_left, tick).await.is_ok()
    }

    /// Counts the mail against the day's quota.
    pub(super) fn consume(mut self) {
        if let Some(reserved) = self.reserved.take() {
            reserved.consume();
        }
        std::mem::forget(self);
    }

    /// Closes the limiter: the day's quota is used up.
    pub(super) fn close(self) {
        self.limiter.left.set(f64::NEG_INFINITY);
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.limiter.left.set(self.limiter.left.get() + 1.0);
    }
}

/// Returns the time between two mails at a share of the account's rate.
fn between(rate: f64) -> Duration {
    let (slowest, fastest) = RATES;
    let rate = if rate.is_nan() { slowest } else { (rate * SHARE_OF_ACCOUNT).clamp(slowest, fastest) };
    Duration::from_secs_f64(1.0 / rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn limiter(left: f64) -> RateLimiter {
        RateLimiter { interval: Mutex::new(interval(HOUR)), left: Cell::new(left) }
    }

    #[tokio::test]
    async fn a_permit_that_would_be_ready_too_late_is_not_awaited() {
        let limiter = limiter(5.0);
        let permit = limiter.permit().unwrap();
        assert!(permit.ready(Duration::from_secs(1)).await);
        assert!(!permit.ready(Duration::from_millis(1)).await);
        assert!(!permit.ready(Duration::ZERO).await);
    }

    #[tokio::test]
    async fn a_used_up_quota_leaves_no_permit() {
        let limiter = limiter(1.0);
        let permit = limiter.permit().unwrap();
        assert!(limiter.permit().is_none(), "a mail on its way counts");
        drop(permit);
        limiter.permit().unwrap().consume();
        assert!(limiter.permit().is_none());
    }

    #[tokio::test]
    async fn a_permit_returns_its_mail_of_the_day_with_the_quota_and_takes_both_when_it_is_used() {
        let (limiter, day) = (limiter(1.0), Cell::new(0));
        let permit = || limiter.permit().unwrap().with(ReservedMail::new(&day));
        drop(permit());
        assert_eq!((limiter.left.get(), day.get()), (1.0, 1));
        permit().consume();
        assert_eq!((limiter.left.get(), day.get()), (0.0, 1));
    }

    #[tokio::test]
    async fn a_closed_limiter_takes_no_permit_back() {
        let limiter = limiter(9.0);
        let other = limiter.permit().unwrap();
        limiter.permit().unwrap().close();
        drop(other);
        assert!(limiter.permit().is_none());
    }

    #[tokio::test]
    async fn a_run_sends_at_its_share_of_the_rate() {
        let limiter = RateLimiter::new(Quota { rate: 50.0, left: 9.0 }, 0.25);
        assert_eq!(limiter.interval.lock().await.period(), Duration::from_millis(100));
    }

    #[test]
    fn any_rate_gives_an_interval() {
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
