//! Errors with all that caused them, as the log shows them.

use std::{error, iter};

/// Writes an error and each of its sources, separated by colons.
#[must_use]
pub fn causes(error: &(dyn error::Error + 'static)) -> String {
    iter::successors(Some(error), |error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the table failed")]
    struct Outer(#[source] io::Error);

    #[test]
    fn each_source_follows_the_error_that_it_caused() {
        assert_eq!(causes(&Outer(io::Error::other("the line is cut"))), "the table failed: the line is cut");
    }
}
