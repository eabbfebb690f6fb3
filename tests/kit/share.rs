//! How much of the long tests is played: a share by default, all of it in `.ci/run`, more in `.ci/long`.
//!
//! Every environment variable of the tests is read here and nowhere else. `tests/README.md` lists them.

use local::Writes;

/// Counts the seeded histories of keys and notices to play: `HISTORIES`, in all four tests together.
#[must_use]
pub fn histories() -> u64 {
    read("HISTORIES").unwrap_or(48)
}

/// Counts the steps to take in the system and in its model: `MODEL_STEPS`, in all four tests together.
#[must_use]
pub fn model_steps() -> usize {
    read("MODEL_STEPS").unwrap_or(400)
}

/// Counts the cells of the matrix of routes and callers to try: `MATRIX_CELLS`, a number or `all`.
#[must_use]
pub fn matrix_cells() -> usize {
    match text("MATRIX_CELLS").as_deref() {
        Some("all") => usize::MAX,
        _ => read("MATRIX_CELLS").unwrap_or(100),
    }
}

/// Tells whether the examples of the OpenAPI document are written anew: `EXAMPLES=record`.
#[must_use]
pub fn records_examples() -> bool {
    text("EXAMPLES").as_deref() == Some("record")
}

/// Returns what happens to the writes of functions: `MUTANTS=collect` lists their mutants in `target/mutants.tsv`, and
/// `MUTANT` names the one under which the tests run.
#[must_use]
pub fn writes() -> Writes {
    match (text("MUTANT"), text("MUTANTS")) {
        (Some(name), _) => Writes::Mutated(name),
        (None, Some(_)) => Writes::Collected,
        (None, None) => Writes::AsSent,
    }
}

/// Counts the hostile events to send, to all functions together: `HOSTILE_EVENTS`.
#[must_use]
pub fn hostile_events() -> usize {
    read("HOSTILE_EVENTS").unwrap_or(300)
}

/// Counts the restores after random changes to play: `RESTORE_RUNS`.
#[must_use]
pub fn restore_runs() -> u64 {
    read("RESTORE_RUNS").unwrap_or(1)
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

#[expect(clippy::disallowed_methods, reason = "whoever runs the tests chooses how much of them is played")]
fn text(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|text| !text.is_empty())
}
