//! Why a replay ends before its end.

use std::io;

use api::MayConflict;

use crate::selection::TooMany;

/// Why a replay ends before its end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A table failed, or refused a step.
    #[error(transparent)]
    Table(#[from] table::Error),
    /// There are more events than memory holds.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// The report cannot be written.
    #[error("the report cannot be written")]
    Report(#[from] io::Error),
}

impl Error {
    /// Writes the failure for the report. Why an item cannot be decoded may quote the item, so that is left out.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Table(corrupt @ table::Error::Corrupt { .. }) => corrupt.to_string(),
            error => api::causes(error),
        }
    }

    /// Tells whether the failure is one of this step alone, so that the others can go on.
    pub(crate) const fn is_of_step(&self) -> bool {
        use table::Error::{Conflict, Contended, Corrupt, Refused};
        matches!(self, Self::Table(Conflict | Contended { .. } | Corrupt { .. } | Refused(_)))
    }
}

impl MayConflict for Error {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Table(table::Error::Conflict))
    }
}
