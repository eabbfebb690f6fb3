//! How much of the long tests is played: a share by default, all of it in `.ci/run`, more in `.ci/long`.
//!
//! Every environment variable of the integration tests is read here and nowhere else; those of fuzz targets, which are unit
//! tests, in `tests/fuzz/src/share.rs`. `tests/README.md` lists them all.

use local::Writes;

/// Counts the seeded histories of keys and notices to play: `HISTORIES`, in all four tests together.
#[must_use]
pub fn histories() -> u64 {
    count("HISTORIES").unwrap_or(48)
}

/// Counts the steps to take in the system and in its model: `MODEL_STEPS`, in all four tests together.
#[must_use]
pub fn model_steps() -> usize {
    count("MODEL_STEPS").unwrap_or(400)
}

/// Counts the cells of the matrix of routes and callers to try: `MATRIX_CELLS`, a number or `all`.
#[must_use]
pub fn matrix_cells() -> usize {
    count_or_all("MATRIX_CELLS").unwrap_or(100)
}

/// Tells whether the examples of the OpenAPI document are written anew: `EXAMPLES=record`.
#[must_use]
pub fn records_examples() -> bool {
    text("EXAMPLES").as_deref() == Some("record")
}

/// Returns what happens to the requests of functions to the table: `MUTANTS=collect` lists their mutants in `target/mutants.tsv`,
/// marked where the table refused the condition, and `MUTANT` names the one under which the tests run.
#[must_use]
pub fn writes() -> Writes {
    match (text("MUTANT"), text("MUTANTS")) {
        (Some(name), _) => Writes::Mutated(vec![name]),
        (None, Some(_)) => Writes::Collected,
        (None, None) => Writes::AsSent,
    }
}

/// Tells whether tests note what they reach: `MUTANTS=collect`.
#[must_use]
pub fn collects() -> bool {
    writes() == Writes::Collected
}

/// Counts the hostile events to send, to all functions together: `HOSTILE_EVENTS`.
#[must_use]
pub fn hostile_events() -> usize {
    count("HOSTILE_EVENTS").unwrap_or(300)
}

/// Counts the restores after random changes to play: `RESTORE_RUNS`.
#[must_use]
pub fn restore_runs() -> u64 {
    count("RESTORE_RUNS").unwrap_or(1)
}

/// Counts the orders of calls to play for each pair of requests: `INTERLEAVINGS`, a number or `all`. The first is a serial one.
#[must_use]
pub fn interleavings() -> usize {
    count_or_all("INTERLEAVINGS").unwrap_or(3)
}

/// Counts the orders to play for each set of requests while one call has a fault: `FAULTY_INTERLEAVINGS`, a number or `all`.
#[must_use]
pub fn faulty_interleavings() -> usize {
    count_or_all("FAULTY_INTERLEAVINGS").unwrap_or(1)
}

/// Counts the sets of three requests to play: `INTERLEAVED_TRIPLES`.
#[must_use]
pub fn interleaved_triples() -> u64 {
    count("INTERLEAVED_TRIPLES").unwrap_or(1)
}

/// Counts the windows of concurrent requests to play: `LINEARIZED_WINDOWS`.
#[must_use]
pub fn linearized_windows() -> u64 {
    count("LINEARIZED_WINDOWS").unwrap_or(3)
}

/// Returns the one order of calls to play, as a failure printed it: `INTERLEAVING`.
#[must_use]
pub fn interleaving() -> Option<String> {
    text("INTERLEAVING")
}

/// Tells whether pages are judged in all variants of width and color scheme: `AXE_VARIANTS=all`. Otherwise in two of four.
#[must_use]
pub fn judges_all_variants() -> bool {
    text("AXE_VARIANTS").as_deref() == Some("all")
}

/// Returns the seed of a variable, such as `HISTORY_SEED` or `MODEL_SEED`.
///
/// # Panics
/// When it is no number.
#[must_use]
pub fn seed(variable: &str) -> Option<u64> {
    read(variable)
}

/// Reads a number from the environment.
///
/// # Panics
/// When it is no number: a run that silently played a share would look like a whole one.
fn read<T: std::str::FromStr>(variable: &str) -> Option<T> {
    let text = text(variable)?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} must be a number, not {text:?}")))
}

/// Reads how many there are.
///
/// # Panics
/// When it is no number, or 0: a test that plays nothing passes.
fn count<T: std::str::FromStr + Default + PartialEq>(variable: &str) -> Option<T> {
    let count = read(variable)?;
    assert!(count != T::default(), "{variable} must be at least 1");
    Some(count)
}

/// Reads how many there are, or `all`.
fn count_or_all(variable: &str) -> Option<usize> {
    let is_all = text(variable).is_some_and(|text| text == "all");
    if is_all { Some(usize::MAX) } else { count(variable) }
}

#[expect(clippy::disallowed_methods, reason = "whoever runs the tests chooses how much of them is played")]
fn text(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|text| !text.is_empty())
}
