//! The clock of the log. No decision rests on it.

use std::time::{SystemTime, UNIX_EPOCH};

/// Reads the clock, milliseconds since the epoch.
#[expect(clippy::disallowed_methods, reason = "a line says when it was written")]
pub(super) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_millis().try_into().unwrap_or(u64::MAX)
}
