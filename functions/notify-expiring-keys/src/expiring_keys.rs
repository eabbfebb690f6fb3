//! The number of keys that expire soon, for the metric of that name: counted once a day.

use std::cell::Cell;

use api::causes;
use domain::Time;
use futures_util::future::try_join_all;

use crate::run::{Run, with_timeout};
use table::Table;

/// Seconds in which a key expires soon: 30 days.
const SOON: i64 = 30 * 86_400;

/// The part of a run's rest of time in which it counts.
const PART_OF_TIME: u32 = 2;

/// The day on which this instance counted last. Another instance may count again: the number is the same.
#[derive(Debug, Default)]
pub(crate) struct DailyCount(Cell<Option<Time>>);

impl DailyCount {
    /// Counts the keys of all shards with a notice to come that expire within 30 days, unless that was done on this UTC
    /// day. What cannot be counted is left to the next run.
    pub(crate) async fn count(&self, run: &Run, table: &Table) -> Option<u64> {
        let day = run.now.next_midnight();
        if self.0.get() == Some(day) {
            return None;
        }
        let shards = (0..table.due_shards().get())
            .map(|shard| table.count_expiring(shard, run.now, run.now.plus(SOON)));
        let counts = with_timeout(run.time_left() / PART_OF_TIME, try_join_all(shards)).await;
        match counts {
            Ok(counts) => {
                self.0.set(Some(day));
                Some(counts.iter().sum())
            }
            Err(error) => {
                tracing::warn!(causes = causes(&error), "could not count the keys that expire soon");
                None
            }
        }
    }
}
