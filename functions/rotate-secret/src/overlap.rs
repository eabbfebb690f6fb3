//! How long a replaced secret works on: as long as a rotation may be interrupted, and programs may hold what they have read.

use api::{Metric, Metrics, Unit};

use crate::stop::Stop;

/// The overlap that a rotation asks for, seconds.
pub(crate) const OVERLAP_SECONDS: u32 = 7 * DAY;

/// The shortest overlap with which a rotation begins, seconds. Each of the four steps may take the time limit of the function,
/// 120 seconds, and Secrets Manager pauses between them.
const FEWEST_OVERLAP_SECONDS: u32 = 600;

/// How often programs are told to read the secret, and how long a rotation may stand still, seconds.
const DAY: u32 = 24 * 3_600;

/// Returns the overlap that a policy allows, if a rotation is safe with it.
pub(crate) fn checked(allowed: u32) -> Result<u32, Stop> {
    let fewest = FEWEST_OVERLAP_SECONDS;
    if allowed < fewest { Err(Stop::ShortOverlap { allowed, fewest }) } else { Ok(allowed) }
}

/// Reports the overlap of a rotation; one of less than a day as a warning.
pub(crate) fn report(overlap: u32) {
    let metric: [Metric; 1] = [("overlap_seconds", Unit::Seconds, u64::from(overlap))];
    let metrics = Metrics::of(&metric);
    if is_short(overlap) {
        tracing::warn!(metrics = %metrics, "the replaced secret works for less than a day: programs must read the new one sooner");
    } else {
        tracing::info!(metrics = %metrics, "the replaced secret works for a day or longer");
    }
}

/// Tells whether a program that reads the secret once a day may come too late for the new one.
const fn is_short(overlap: u32) -> bool {
    overlap < DAY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overlap_of_less_than_a_day_is_short() {
        assert!(is_short(DAY - 1) && !is_short(DAY));
    }

    #[test]
    fn an_overlap_that_the_steps_may_outlast_is_refused_and_the_refusal_says_what_to_change() {
        assert_eq!(checked(600).unwrap(), 600);
        for allowed in [0, 1, 599] {
            let refused = checked(allowed).unwrap_err().to_string();
            assert!(refused.contains(&format!("max_overlap_seconds from {allowed} to 600")), "{refused}");
        }
    }
}
