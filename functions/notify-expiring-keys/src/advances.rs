//! Keys on their way to their next notices.

use std::cell::RefCell;

use api::causes;
use table::{Advance, Table};

use crate::run::table_step;

/// The number of keys that advance in one transaction.
const BATCH_SIZE: usize = 100;

/// Collects advances of `due_at`, and writes them in batches.
#[derive(Debug)]
pub(crate) struct AdvanceQueue<'a> {
    table: &'a Table,
    pending: RefCell<Vec<Advance>>,
}

impl<'a> AdvanceQueue<'a> {
    /// Returns an empty queue.
    pub(crate) fn new(table: &'a Table) -> Self {
        Self { table, pending: RefCell::default() }
    }

    /// Adds an advance, and writes all if they fill a batch.
    pub(crate) async fn push(&self, advance: Advance) {
        self.pending.borrow_mut().push(advance);
        if self.pending.borrow().len() >= BATCH_SIZE {
            self.flush().await;
        }
    }

    /// Writes all advances. Keys whose advance fails stay due: the next run finds their notices claimed.
    pub(crate) async fn flush(&self) {
        let advances = self.pending.take();
        if let Err(error) = table_step(self.table.advance(&advances)).await {
            tracing::warn!(causes = causes(&error), "could not move keys to their next notices");
        }
    }
}
