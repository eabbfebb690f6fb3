//! A moment by both clocks: that of the process, and the gateway's.

use std::time::{Duration, Instant};

/// How far the gateway's time may step back before a memory counts as too old, milliseconds.
const MAX_STEP_BACK: i64 = 2_000;

/// A moment by the process's clock and by the gateway's time.
///
/// Lambda freezes an instance between requests, and the process's clock may stand still meanwhile. The gateway's
/// time goes on, but it comes from many machines. So an age counts only if both clocks agree.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    process: Instant,
    gateway_milliseconds: i64,
}

impl Moment {
    /// Takes the process's clock now, beside the gateway's time of the request, milliseconds since the epoch.
    #[must_use]
    pub fn now(gateway_milliseconds: i64) -> Self {
        Self { process: Instant::now(), gateway_milliseconds }
    }

    /// Tells whether less than `age` has passed until `now` by both clocks, and the gateway's time has not
    /// stepped back by more than two seconds.
    #[must_use]
    pub fn is_within(self, age: Duration, now: Self) -> bool {
        let by_gateway = now.gateway_milliseconds.saturating_sub(self.gateway_milliseconds);
        let longest = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
        now.process.saturating_duration_since(self.process) < age
            && (-MAX_STEP_BACK..longest).contains(&by_gateway)
    }

    #[cfg(test)]
    pub(crate) fn plus(self, by_process: Duration, by_gateway: i64) -> Self {
        Self {
            process: self.process + by_process,
            gateway_milliseconds: self.gateway_milliseconds + by_gateway,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_clock_makes_a_memory_too_old() {
        let (then, second) = (Moment::now(1_000_000), Duration::from_secs(1));
        let within = |milliseconds, by_gateway| {
            then.is_within(second, then.plus(Duration::from_millis(milliseconds), by_gateway))
        };
        assert!(within(0, 0) && within(999, 999) && within(10, -2_000));
        assert!(!within(1_000, 0), "the process's clock");
        assert!(!within(0, 1_000), "the gateway's time, while the process was frozen");
        assert!(!within(0, -2_001), "a step back");
    }
}
