//! Lifecycle events: what the pipe of the template makes of the table's stream.
//!
//! Every test compares all events with all audit events when it ends (`tests/kit/world.rs`); these look closer.

mod bus;
mod pipe;
mod publish;

use std::collections::BTreeSet;

use kit::World;
use serde_json::Value;

fn audit_ids(world: &World) -> BTreeSet<String> {
    let items = world.items();
    items.iter().filter_map(|item| item.get("audit_id")).map(Value::to_string).collect()
}

fn event_ids(events: &[Value]) -> BTreeSet<String> {
    events.iter().map(|event| event["detail"]["audit_id"].to_string()).collect()
}
