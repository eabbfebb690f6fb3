//! The clock by which idle connections grow old.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use hyper::rt::{Sleep, Timer};
use hyper_util::rt::TokioTimer;

/// Reads a clock of the machine, as the time since its epoch.
type WallClock = fn() -> Duration;

/// A clock that goes on while Lambda freezes the instance, if any clock of the machine does.
///
/// Its time is the later one of the process's clock and of the machine's time of day. A time of day that was set
/// forward closes connections too early, which costs a connection; one that was set back counts as none.
#[derive(Clone)]
pub(super) struct PoolTimer(Arc<Start>);

struct Start {
    process: Instant,
    wall: Duration,
    wall_clock: WallClock,
}

impl PoolTimer {
    /// Starts the clock.
    pub(super) fn start() -> Self {
        Self::with(wall_clock)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "an idle connection is dropped by the clock, no decision rests on it"
    )]
    fn with(wall_clock: WallClock) -> Self {
        Self(Arc::new(Start { process: Instant::now(), wall: wall_clock(), wall_clock }))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "an idle connection is dropped by the clock, no decision rests on it"
)]
fn wall_clock() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

impl Timer for PoolTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        TokioTimer::new().sleep(duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        self.sleep(deadline.saturating_duration_since(self.now()))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "an idle connection is dropped by the clock, no decision rests on it"
    )]
    fn now(&self) -> Instant {
        let Start { process, wall, wall_clock } = &*self.0;
        let by_wall = process.checked_add(wall_clock().saturating_sub(*wall)).unwrap_or(*process);
        Instant::now().max(by_wall)
    }
}

impl fmt::Debug for PoolTimer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PoolTimer")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn time_goes_on_by_the_wall_clock_while_the_process_stands_still() {
        static SECONDS: AtomicU64 = AtomicU64::new(1_000);
        let timer = PoolTimer::with(|| Duration::from_secs(SECONDS.load(Ordering::Relaxed)));
        let (began, second) = (timer.now(), Duration::from_secs(1));
        SECONDS.store(1_021, Ordering::Relaxed);
        assert!(timer.now().duration_since(began) > 20 * second);
        SECONDS.store(900, Ordering::Relaxed);
        assert!(timer.now() >= began && timer.now().duration_since(began) < 20 * second);
    }
}
