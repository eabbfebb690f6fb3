//! How much is played. The one place of this crate that reads the environment; `tests/README.md` lists the variables.

use std::time::{Duration, Instant};

/// The inputs of a target by default: a quarter of a second, most of the time.
const INPUTS: usize = 2_000;

/// Which inputs are played.
pub(crate) struct Share {
    /// How many of the sequence.
    pub(crate) limit: Limit,
    /// The start of the sequence: `FUZZ_SEED`, and 0 by default.
    pub(crate) seed: u64,
    /// The one input to play, as a failure printed it: `FUZZ_INPUT`.
    pub(crate) input: Option<u64>,
}

/// When a sequence ends.
pub(crate) enum Limit {
    /// After a number of inputs, so that each run plays the same.
    Inputs(usize),
    /// After a time (`FUZZ_SECONDS`, for each target), but not before [`INPUTS`].
    Time(Duration),
}

impl Share {
    pub(crate) fn from_environment() -> Self {
        let limit = match number("FUZZ_SECONDS", str::parse) {
            Some(seconds) => Limit::Time(Duration::from_secs(seconds)),
            None => Limit::Inputs(INPUTS),
        };
        let hexadecimal = |text: &str| u64::from_str_radix(text.trim_start_matches("0x"), 16);
        let seed = number("FUZZ_SEED", str::parse).unwrap_or(0);
        Self { limit, seed, input: number("FUZZ_INPUT", hexadecimal) }
    }
}

impl Limit {
    /// Takes the part of a sequence that is played.
    pub(crate) fn take<T>(self, sequence: impl Iterator<Item = T>) -> impl Iterator<Item = T> {
        let start = Instant::now();
        sequence.enumerate().map_while(move |(position, item)| {
            let plays = match self {
                Self::Inputs(inputs) => position < inputs,
                // A target fails if its parser takes no changed text. On a busy machine the time may be over before the first.
                Self::Time(time) => position < INPUTS || start.elapsed() < time,
            };
            plays.then_some(item)
        })
    }
}

/// Reads a number.
///
/// # Panics
/// When it is none: a run that silently played something else would look like the wanted one.
#[expect(clippy::disallowed_methods, reason = "whoever runs the tests chooses how much of them is played")]
fn number<E>(variable: &str, parse: impl FnOnce(&str) -> Result<u64, E>) -> Option<u64> {
    let text = std::env::var(variable).ok().filter(|text| !text.is_empty())?;
    Some(parse(&text).unwrap_or_else(|_| panic!("{variable} must be a number, not {text:?}")))
}
