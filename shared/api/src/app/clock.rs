//! The machine's clock.

use std::time::{SystemTime, UNIX_EPOCH};

use domain::Time;

/// The machine's clock: for leases and for the deadline of an invocation, never for a decision.
///
/// A decision takes the time of the event.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock(());

impl Clock {
    /// Reads the clock, to the second.
    #[expect(clippy::disallowed_methods, reason = "this is where leases and deadlines meet the clock")]
    #[must_use]
    pub fn now(self) -> Time {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Time::from_seconds(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
    }
}
