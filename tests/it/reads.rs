//! What a function has read from the table, by consistency.

use kit::{Effect, Fault, Service, World};
use serde_json::Value;

/// The reads of a function since the calls were cleared.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Reads {
    /// Queries, of the table and of indexes.
    pub(crate) queries: usize,
    /// Those of them with strong consistency.
    pub(crate) strong_queries: usize,
    /// Items that batches asked for with eventual consistency.
    pub(crate) eventual: usize,
    /// Items that batches asked for with strong consistency.
    pub(crate) strong: usize,
}

/// Counts the queries of a function, and the items of its batches.
pub(crate) fn reads_of(world: &World, function: &str) -> Reads {
    let mut reads = Reads::default();
    for call in world.stack.calls().by_function(function) {
        let request: Value = serde_json::from_slice(&call.request).unwrap_or_default();
        if call.operation == "Query" {
            reads.queries += 1;
            reads.strong_queries += usize::from(request["ConsistentRead"] == true);
        }
        if let Some(table) = request["RequestItems"].as_object().and_then(|tables| tables.values().next()) {
            let keys = table["Keys"].as_array().map_or(0, Vec::len);
            let count = if table["ConsistentRead"] == true { &mut reads.strong } else { &mut reads.eventual };
            *count += keys;
        }
    }
    reads
}

/// Counts the read units of a function from zero. `World::stack.faults().read_units()` returns them.
pub(crate) fn count_units(world: &World, function: &str) {
    let unlimited = Effect::PartitionReads { units_per_second: u32::MAX };
    world.stack.faults().clear();
    world.stack.faults().add(Fault::on(Service::DynamoDb, unlimited).function(function));
}
