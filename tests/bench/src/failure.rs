//! The errors that end a run.

use std::{io, path::PathBuf};

/// What ends a run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The local stack does not start.
    #[error("the local stack does not start: {0}")]
    Stack(#[from] local::StackError),
    /// A file cannot be read or written.
    #[error("{}: {cause}", path.display())]
    File { path: PathBuf, cause: io::Error },
    /// A process or a socket cannot be had.
    #[error("{what}: {cause}")]
    System { what: &'static str, cause: io::Error },
    /// Cargo did not build something.
    #[error("`cargo build --release` failed in {}", .0.display())]
    Build(PathBuf),
    /// A binary is not there.
    #[error("there is no binary of {0}: run without --no-build")]
    NoBinary(String),
    /// A function did not do what is measured.
    #[error("{function}: {reason}; its log is {}", log.display())]
    Function { function: String, reason: String, log: PathBuf },
    /// The floor of a function that logs is none.
    #[error("the floor writes lines of {floor} bytes, and the authorizer of {ours}: change the floor's")]
    Lines { floor: usize, ours: usize },
    /// The table could not be filled.
    #[error("the table could not be filled: {0}")]
    Fill(String),
}

impl Failure {
    /// Says what was wanted of the system.
    pub(crate) fn system(what: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |cause| Self::System { what, cause }
    }
}
