//! An error with all its causes, as one line for the log.

use std::iter;

/// Writes an error and its chain of sources, separated by colons.
#[must_use]
pub fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    iter::successors(Some(error), |error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
