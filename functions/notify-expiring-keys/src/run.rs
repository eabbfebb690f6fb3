use std::{error::Error, time::Duration};

use domain::Time;
use table::Advance;

use crate::{Notifier, Summary, directory::Directory, failure::causes};

/// Seconds before the deadline at which nothing new is begun: what was begun still ends.
const RESERVE: i64 = 20;

/// Seconds after the deadline at which a lease ends: by then the run is over for certain.
const LEASE_AFTER_DEADLINE: i64 = 30;

/// Keys that move to their next notices together.
const ADVANCES: usize = 100;

/// One run: its time, what it knows already, and what it has done so far.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    pub(crate) notifier: &'a Notifier,
    /// The time of the event: what is due is due by it.
    pub(crate) now: Time,
    pub(crate) directory: Directory,
    pub(crate) summary: Summary,
    deadline: Time,
    advances: Vec<Advance>,
}

impl<'a> Run<'a> {
    /// Starts a run that the service ends at `deadline`, by the clock.
    pub(crate) fn new(notifier: &'a Notifier, now: Time, deadline: Time) -> Self {
        Self {
            notifier,
            now,
            directory: Directory::default(),
            summary: Summary::default(),
            deadline,
            advances: Vec::new(),
        }
    }

    /// Returns the time in which something new may be begun.
    pub(crate) fn time_left(&self) -> Duration {
        let seconds = self.deadline.since(self.notifier.clock.now()) - RESERVE;
        Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
    }

    /// Returns when, by the clock, the leases of this run end.
    pub(crate) fn lease_ends_at(&self) -> Time {
        self.deadline.plus(LEASE_AFTER_DEADLINE)
    }

    /// Returns this run's part of what all runs of the moment may send: schedules that name shards
    /// share the rate.
    pub(crate) fn share(&self, shards: &[u32]) -> f64 {
        let count = u32::try_from(shards.len()).unwrap_or(u32::MAX);
        f64::from(count) / f64::from(self.notifier.app.table.due_shards())
    }

    /// Counts and logs a failure that ends neither the run nor anybody else's mail.
    pub(crate) fn failed(&mut self, count: usize, what: &'static str, error: &dyn Error) {
        self.summary.failed += count;
        tracing::error!(failure.count = count, error.causes = causes(error), "could not {what}");
    }

    /// Moves a key to its next notice, soon.
    pub(crate) async fn advance(&mut self, advance: Advance) {
        self.advances.push(advance);
        if self.advances.len() >= ADVANCES {
            self.advance_all().await;
        }
    }

    /// Moves the keys to their next notices. Those that fail are looked at again by the next run,
    /// which finds their notices claimed.
    pub(crate) async fn advance_all(&mut self) {
        let advances = std::mem::take(&mut self.advances);
        if let Err(error) = self.notifier.app.table.advance(&advances).await {
            tracing::warn!(error.causes = causes(&error), "could not move keys to their next notices");
        }
    }
}
