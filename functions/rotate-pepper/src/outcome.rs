//! What a run did.

use serde::Serialize;

/// What a run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The pepper had no next version, and gained one. The current version stays.
    NextAdded,
    /// The next version is the current one, and a new one is next.
    Rotated,
    /// A fresh version is the current one. The former next version is discarded, or stays and never becomes current.
    Replaced,
    /// An earlier delivery of this event, or a run at the same time, did it.
    Unchanged,
}
