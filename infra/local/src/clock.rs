//! The clock of the gateway, the schedules and the issuer. A test may shift it.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use jiff::{SignedDuration, Timestamp};

/// Tells the machine's time plus an offset in seconds.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    offset_seconds: Arc<AtomicI64>,
}

impl Clock {
    /// Sets the offset from the machine's time, in seconds.
    pub fn shift(&self, offset_seconds: i64) {
        self.offset_seconds.store(offset_seconds, Ordering::SeqCst);
    }

    /// Moves the time forward by some seconds.
    pub(crate) fn advance(&self, seconds: i64) {
        self.offset_seconds.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Reads the offset from the machine's time, in seconds.
    #[must_use]
    pub fn offset_seconds(&self) -> i64 {
        self.offset_seconds.load(Ordering::SeqCst)
    }

    /// Reads the shifted time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let offset = SignedDuration::from_secs(self.offset_seconds());
        machine_time().saturating_add(offset).unwrap_or(Timestamp::MAX)
    }

    /// Reads the shifted time as RFC 3339 UTC in whole seconds.
    #[must_use]
    pub fn now_text(&self) -> String {
        in_seconds(self.now())
    }
}

/// Renders a time as RFC 3339 UTC in whole seconds.
pub(crate) fn in_seconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Reads the machine's time, for deadlines and records that ignore the offset.
#[expect(clippy::disallowed_methods, reason = "the time of an event comes from the local stack")]
pub(crate) fn machine_time() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shift_moves_the_time_by_its_seconds() {
        let clock = Clock::default();
        let before = clock.now();
        clock.shift(86_400);
        let moved = clock.now().duration_since(before);
        assert!((86_400..86_410).contains(&moved.as_secs()), "{moved}");
        assert_eq!(in_seconds(Timestamp::UNIX_EPOCH), "1970-01-01T00:00:00Z");
    }
}
