//! The clock by which idle connections grow old.

use std::{
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use hyper::rt::{Sleep, Timer};
use hyper_util::rt::TokioTimer;

use super::moment;

/// A clock that goes on while Lambda freezes the instance.
///
/// From one look to the next as much time passes as the clock says on which it passed most: the process's clock, the
/// machine's time of day, or the gateway's time of the latest request. A step back counts as none. A clock that was set
/// forward costs new connections, and nothing else.
#[derive(Clone)]
pub(super) struct PoolTimer(Arc<Mutex<Reading>>);

/// What the clocks said at a look.
#[derive(Debug, Clone, Copy)]
struct Clocks {
    process: Instant,
    wall: SystemTime,
    /// Milliseconds; `None` before the first request.
    gateway: Option<i64>,
}

/// What the clocks said when they were last read.
#[derive(Debug)]
struct Reading {
    now: Instant,
    clocks: Clocks,
}

impl Clocks {
    #[expect(clippy::disallowed_methods, reason = "it decides on idle connections alone")]
    fn read() -> Self {
        Self { process: Instant::now(), wall: SystemTime::now(), gateway: moment::latest() }
    }

    /// Returns the most time that passed since `earlier` by any clock.
    fn since(self, earlier: Self) -> Duration {
        let by_process = self.process.saturating_duration_since(earlier.process);
        let by_wall = self.wall.duration_since(earlier.wall).unwrap_or_default();
        let by_gateway = self.gateway.zip(earlier.gateway).map_or(0, |(now, then)| now.saturating_sub(then));
        by_process.max(by_wall).max(Duration::from_millis(u64::try_from(by_gateway).unwrap_or_default()))
    }
}

impl Reading {
    fn advance(&mut self, clocks: Clocks) -> Instant {
        let later = self.now.checked_add(clocks.since(self.clocks));
        *self = Self { now: later.unwrap_or(self.now), clocks };
        self.now
    }
}

impl PoolTimer {
    /// Starts the clock.
    pub(super) fn start() -> Self {
        let clocks = Clocks::read();
        Self(Arc::new(Mutex::new(Reading { now: clocks.process, clocks })))
    }
}

impl Timer for PoolTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        TokioTimer::new().sleep(duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        self.sleep(deadline.saturating_duration_since(self.now()))
    }

    fn now(&self) -> Instant {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).advance(Clocks::read())
    }
}

impl fmt::Debug for PoolTimer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PoolTimer")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_on_which_most_time_passed_counts() {
        let start = Clocks { gateway: Some(1_790_000_000_000), ..Clocks::read() };
        let (second, now) = (Duration::from_secs(1), start.process);
        let mut look = Reading { now, clocks: start };
        // By the process's clock, the machine's, and the gateway's: seconds since the start.
        for (process, wall, gateway, passed) in [
            (1, 1, 1, 1),
            (2, 1, 1, 2),
            (2, 21, 1, 22),
            (2, 21, 3_601, 3_622),
            (2, 20, 3_598, 3_622),
            (3, 20, 3_599, 3_623),
        ] {
            let clocks = Clocks {
                process: start.process + second * process,
                wall: start.wall + second * wall,
                gateway: Some(1_790_000_000_000 + 1_000 * gateway),
            };
            assert_eq!(look.advance(clocks), now + second * passed, "{process} {wall} {gateway}");
        }
    }
}
