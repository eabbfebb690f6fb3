//! The answer of a run: names, never values.

use serde::Serialize;

use crate::{document::Document, outcome::Outcome};

/// The answer of a run.
#[derive(Debug, Serialize)]
pub struct Summary {
    /// What the run did.
    pub outcome: Outcome,
    /// The name of the version for new secrets.
    pub current: String,
    /// The name of the version that the next rotation makes the current one.
    pub next: Option<String>,
}

impl Summary {
    pub(crate) fn new(outcome: Outcome, document: &Document, next: Option<&str>) -> Self {
        Self { outcome, current: document.current().to_owned(), next: next.map(str::to_owned) }
    }
}
