use std::{
    cell::{Cell, RefCell},
    error::Error,
    time::Duration,
};

use api::causes;
use domain::Time;
use table::Advance;

use crate::{Notifier, Summary, directory::Directory, post::SENT_WITHIN};

/// How long one step at the table may take, with all its retries: a claim, a mark, a wave of reads.
const STEP_WITHIN: Duration = Duration::from_secs(10);

/// Time in which the answer is written; the clock is read to the second.
const MARGIN: Duration = Duration::from_secs(2);

/// The time before the deadline at which nothing new is begun, so that what was begun ends.
///
/// The time is looked at before each wave of reads, each mail, each claim and each sending; recipients
/// who are told at once do not wait for each other. The longest that comes after a look is a sending, its
/// mark, and the last keys' step to their next notices. (Two steps and that last one are no longer: a
/// wave or a claim with a step of keys on the way, or taking up a mail and reading it.)
const RESERVE: Duration = {
    assert!(
        SENT_WITHIN.as_secs() >= STEP_WITHIN.as_secs(),
        "two steps would be longer than a sending and its mark"
    );
    let seconds = SENT_WITHIN.as_secs() + 2 * STEP_WITHIN.as_secs() + MARGIN.as_secs();
    assert!(seconds >= 20, "a run stops with twenty seconds left at least");
    Duration::from_secs(seconds)
};

/// Seconds after the deadline at which a lease ends: by then the run is over for certain.
const LEASE_AFTER_DEADLINE: i64 = 30;

/// Keys that move to their next notices together.
const ADVANCES: usize = 100;

/// One run: its time, what it knows already, and what it has done so far, which all that it does at
/// once adds to.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    pub(crate) notifier: &'a Notifier,
    /// The time of the event: what is due is due by it.
    pub(crate) now: Time,
    pub(crate) directory: Directory,
    summary: Cell<Summary>,
    deadline: Time,
    advances: RefCell<Vec<Advance>>,
}

impl<'a> Run<'a> {
    /// Starts a run that the service ends at `deadline`, by the clock.
    pub(crate) fn new(notifier: &'a Notifier, now: Time, deadline: Time) -> Self {
        Self {
            notifier,
            now,
            directory: Directory::default(),
            summary: Cell::default(),
            deadline,
            advances: RefCell::default(),
        }
    }

    /// Returns the time in which something new may be begun.
    pub(crate) fn time_left(&self) -> Duration {
        let seconds = self.deadline.since(self.notifier.clock.now());
        Duration::from_secs(u64::try_from(seconds).unwrap_or(0)).saturating_sub(RESERVE)
    }

    /// Returns when, by the clock, the leases of this run end.
    pub(crate) fn lease_ends_at(&self) -> Time {
        self.deadline.plus(LEASE_AFTER_DEADLINE)
    }

    /// Returns this run's part of what all runs of the moment may send: schedules that name shards
    /// share the rate.
    pub(crate) fn share(&self, shards: &[u32]) -> f64 {
        let count = u32::try_from(shards.len()).unwrap_or(u32::MAX);
        f64::from(count) / f64::from(self.notifier.app.table.due_shards().max(1))
    }

    /// Counts what was done.
    pub(crate) fn count(&self, change: impl FnOnce(&mut Summary)) {
        let mut summary = self.summary.get();
        change(&mut summary);
        self.summary.set(summary);
    }

    /// Returns what was counted so far.
    pub(crate) fn summary(&self) -> Summary {
        self.summary.get()
    }

    /// Counts and logs a failure that ends neither the run nor anybody else's mail.
    pub(crate) fn failed(&self, count: usize, what: &'static str, error: &(dyn Error + 'static)) {
        self.count(|summary| summary.failed += count);
        tracing::error!(failure.count = count, error.causes = causes(error), "could not {what}");
    }

    /// Moves a key to its next notice, soon.
    pub(crate) async fn advance(&self, advance: Advance) {
        self.advances.borrow_mut().push(advance);
        if self.advances.borrow().len() >= ADVANCES {
            self.advance_all().await;
        }
    }

    /// Moves the keys to their next notices. Those that fail are looked at again by the next run,
    /// which finds their notices claimed.
    pub(crate) async fn advance_all(&self) {
        let advances = self.advances.take();
        if let Err(error) = step(self.notifier.app.table.advance(&advances)).await {
            tracing::warn!(error.causes = causes(&error), "could not move keys to their next notices");
        }
    }
}

/// Does one step at the table, or fails when it takes too long: it is unknown then whether it was done.
pub(crate) fn step<T>(
    work: impl Future<Output = Result<T, table::Error>>,
) -> impl Future<Output = Result<T, table::Error>> {
    within(STEP_WITHIN, work)
}

/// Does some work at the table, or fails when it takes too long.
pub(crate) fn within<T>(
    most: Duration,
    work: impl Future<Output = Result<T, table::Error>>,
) -> impl Future<Output = Result<T, table::Error>> {
    // What a client's call holds is too large to be held by all that wait for it.
    let work = Box::pin(work);
    async move {
        tokio::time::timeout(most, work).await.unwrap_or_else(|late| {
            Err(table::Error::Failed {
                operation: "a step at the table",
                code: "timeout".to_owned(),
                source: Box::new(late),
            })
        })
    }
}
