//! Random identifiers and secrets.

use rand::distr::{Alphanumeric, SampleString as _};
use uuid::Uuid;

/// Draws base62 characters from a generator that is fit for secrets.
pub(crate) fn base62(length: usize) -> String {
    Alphanumeric.sample_string(&mut rand::rng(), length)
}

/// Draws a version-4 UUID, the form of Lambda's request ids.
pub(crate) fn uuid() -> String {
    Uuid::new_v4().to_string()
}
