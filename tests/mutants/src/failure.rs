//! What keeps the mutants from being run.

use std::{io, path::PathBuf};

/// Why the mutants could not be run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{path} cannot be read")]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{path} cannot be written")]
    Unwritable { path: PathBuf, source: io::Error },
    #[error("{path} is no Rust")]
    NoRust { path: String, source: syn::Error },
    #[error("{program} cannot be started")]
    NotStarted { program: PathBuf, source: io::Error },
    #[error("{program} cannot be waited for")]
    NotEnded { program: PathBuf, source: io::Error },
    #[error("the tests do not compile in {folder}")]
    NotBuilt { folder: PathBuf },
    #[error("without a mutant, {0} fails: no mutant can be judged")]
    Baseline(String),
    #[error("no test met a mutant: run without --collected")]
    NothingCollected,
    #[error("{0}has no mutant: correct SAMPLED_FILES")]
    NotSampled(&'static str),
    #[error(
        "tests/mutants/killers.tsv: no test {0}; `cargo run --bin mutants -- --kind writes` writes the table anew"
    )]
    Killers(String),
    #[error("tests/mutants/argued.tsv: {0}")]
    Argued(String),
}
