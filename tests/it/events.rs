//! Lifecycle events: what the pipe of the template makes of the table's stream.
//!
//! Every test compares all events with all audit events when it ends (`tests/kit/world.rs`); these look closer.

mod bus;
mod pipe;
