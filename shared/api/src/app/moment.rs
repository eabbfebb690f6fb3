//! A moment by both clocks: that of the process, and the gateway's.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, Instant},
};

use domain::{Time, Timestamp};

/// How far the gateway's time may step back before a memory counts as too old, milliseconds.
const MAX_STEP_BACK: i64 = 2_000;

/// The gateway's time of the latest request that this process read, milliseconds; 0 before the first.
static LATEST: AtomicI64 = AtomicI64::new(0);

/// A moment by the process's clock and by the gateway's time.
///
/// Lambda freezes an instance between requests, and the process's clock may stand still meanwhile. The gateway's
/// time goes on, but it comes from many machines. So an age counts only if both clocks agree.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    process: Instant,
    gateway: Timestamp,
}

impl Moment {
    /// Takes the process's clock now, beside the gateway's time of the request.
    #[must_use]
    pub fn now(gateway: Timestamp) -> Self {
        Self { process: Instant::now(), gateway }
    }

    /// Reads the gateway's time of a request, milliseconds since the epoch, beside the process's clock now.
    ///
    /// `None` if it is before 2020: the gateway never states such a time.
    #[must_use]
    pub fn of_gateway(milliseconds: i64) -> Option<Self> {
        let gateway = Timestamp::from_gateway(milliseconds)?;
        LATEST.store(milliseconds, Ordering::Relaxed);
        Some(Self::now(gateway))
    }

    /// Returns the gateway's time, to the millisecond.
    #[must_use]
    pub const fn timestamp(self) -> Timestamp {
        self.gateway
    }

    /// Returns the gateway's time, to the second.
    #[must_use]
    pub const fn time(self) -> Time {
        self.gateway.time()
    }

    /// Tells whether less than `age` has passed until `now` by both clocks, and the gateway's time has not
    /// stepped back by more than two seconds.
    #[must_use]
    pub fn is_within(self, age: Duration, now: Self) -> bool {
        let by_gateway = now.gateway.milliseconds().saturating_sub(self.gateway.milliseconds());
        let longest = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
        now.process.saturating_duration_since(self.process) < age
            && (-MAX_STEP_BACK..longest).contains(&by_gateway)
    }

    /// Returns the moment that is later by these times; the gateway's in milliseconds, negative for a step back.
    #[cfg(test)]
    pub(crate) fn plus(self, by_process: Duration, by_gateway: i64) -> Self {
        let gateway = self.gateway.milliseconds() + by_gateway;
        Self {
            process: self.process + by_process,
            gateway: Timestamp::from_gateway(gateway).expect("a test's time is one of the gateway"),
        }
    }
}

/// Returns the gateway's time of the latest request that this process read, milliseconds. `None` before the first.
pub(super) fn latest() -> Option<i64> {
    read_time(LATEST.load(Ordering::Relaxed))
}

/// Returns the time that was read, milliseconds; `None` for zero, which stands for none.
fn read_time(milliseconds: i64) -> Option<i64> {
    Some(milliseconds).filter(|milliseconds| *milliseconds != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn before_the_first_request_there_is_no_time_of_the_gateway() {
        assert_eq!((read_time(0), read_time(1)), (None, Some(1)));
    }

    #[test]
    fn either_clock_makes_a_memory_too_old() {
        let then = Moment::now(Time::from_seconds(1_790_000_000).into());
        let ten_seconds = Duration::from_secs(10);
        let within = |milliseconds, by_gateway| {
            then.is_within(ten_seconds, then.plus(Duration::from_millis(milliseconds), by_gateway))
        };
        assert!(within(0, 0) && within(9_999, 9_999));
        assert!(!within(10_000, 0), "the process's clock, while the gateway's time stands still");
        assert!(!within(0, 10_000), "the gateway's time, while the process was frozen");
        assert!(
            !within(10, 10_000),
            "the gateway's time, by a process's clock that is slowed a thousandfold"
        );
        assert!(within(10, -1_000) && within(10, -2_000), "a small step back counts as none");
        assert!(!within(10, -2_001) && !within(10, -3_000), "a larger step back");
        assert!(!within(10_000, -1_000), "the process's clock after a small step back");
    }

    #[test]
    fn a_time_before_2020_is_none() {
        for milliseconds in [i64::MIN, -1, 0, 1_790_000_000, 1_577_836_799_999, i64::MAX] {
            assert!(Moment::of_gateway(milliseconds).is_none(), "{milliseconds}");
        }
        let moment = Moment::of_gateway(1_790_000_000_999).unwrap();
        assert_eq!(
            (moment.time().seconds(), moment.timestamp().milliseconds()),
            (1_790_000_000, 1_790_000_000_999)
        );
    }
}
