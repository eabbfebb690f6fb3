//! The state of the quota model.

use super::{item::Items, promises::Broken, request::Request};

/// A state of the model.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    /// The table.
    pub table: Items,
    /// The quota of the policy, and whether it changes once more.
    pub policy: (u8, bool),
    /// The clock.
    pub now: u8,
    /// The requests, those that are over too.
    pub requests: Vec<Request>,
    /// Replies that may still be lost, and instances that may end.
    pub faults: u8,
    /// The promise that is broken.
    pub broken: Option<Broken>,
}
