//! The state of the sign-in model.

use super::{item::Items, promises::Broken, request::Request};

/// A state of the model.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    /// The table.
    pub table: Items,
    /// The requests, those that are over too.
    pub requests: Vec<Request>,
    /// Replies that may still be lost, and instances that may end.
    pub faults: u8,
    /// Whether a sign-in with the address of user 0 has proven it since it was set. It decides nothing: a promise is
    /// judged by it.
    pub is_proven: bool,
    /// The promise that is broken.
    pub broken: Option<Broken>,
}
