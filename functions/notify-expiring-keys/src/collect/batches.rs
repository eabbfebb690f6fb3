//! Reads due records, batch by batch.

use table::{DueRecord, Table};

use crate::run::{Run, table_step};

/// The batches of the due records of one kind.
pub(super) struct Batches<'a, T: DueRecord> {
    run: &'a Run,
    table: &'a Table,
    rest: &'a [T::Place],
    size: usize,
}

impl<'a, T: DueRecord> Batches<'a, T> {
    /// Divides places into batches of at most `size`.
    pub(super) const fn new(run: &'a Run, table: &'a Table, places: &'a [T::Place], size: usize) -> Self {
        Self { run, table, rest: places, size }
    }

    /// Reads the next batch; `None` behind the last one, and if the run has no time left. Records that cannot be read
    /// stay due.
    pub(super) async fn next(&mut self) -> Option<Vec<T>> {
        let Self { run, table, rest, size } = *self;
        if run.time_left().is_zero() {
            run.count(|summary| summary.left_over += rest.len());
            return None;
        }
        let batch;
        (batch, self.rest) = rest.split_at(rest.len().min(size));
        if batch.is_empty() {
            return None;
        }
        let mut readable = Vec::with_capacity(batch.len());
        match table_step(table.due_records::<T>(batch)).await {
            Ok(found) => {
                for record in found.into_values() {
                    match record {
                        Ok(record) => readable.push(record),
                        Err(error) => run.record_failure(1, format_args!("read a {}", T::NAME), &error),
                    }
                }
            }
            Err(error) => {
                run.record_failure(batch.len(), format_args!("read each {} of a batch", T::NAME), &error);
            }
        }
        Some(readable)
    }
}
