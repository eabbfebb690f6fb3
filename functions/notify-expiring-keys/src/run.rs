//! One run of the function: its deadline and its summary.

use std::{cell::Cell, error::Error, fmt::Display, time::Duration};

use api::{app::Clock, causes};
use domain::Time;

use crate::summary::Summary;

/// The time limit of sending one mail, with all attempts. SES refuses mails that come too fast at once,
/// so that the last attempt has its time too.
pub(crate) const SEND_TIMEOUT: Duration = Duration::from_secs(12);

/// The time limit of one step at the table, with all its retries: a claim, a mark, a batch of reads.
const STEP_TIMEOUT: Duration = Duration::from_secs(10);

/// Time for writing the answer. The clock is read to the second.
const MARGIN: Duration = Duration::from_secs(2);

/// The time before the deadline at which a run starts nothing new, so that all started work ends.
///
/// A run checks the time before each batch of reads, each mail, each batch of claims and each sending; digests that
/// are sent at once do not wait for each other. The longest work after a check is a sending, its mark, and
/// the last advance of keys. Two other pairs of steps are no longer: a batch or a claim with
/// an advance of keys, and reclaiming a mail with reading its keys.
const RESERVE: Duration = {
    assert!(
        SEND_TIMEOUT.as_secs() >= STEP_TIMEOUT.as_secs(),
        "two steps would be longer than a sending and its mark"
    );
    let seconds = SEND_TIMEOUT.as_secs() + 2 * STEP_TIMEOUT.as_secs() + MARGIN.as_secs();
    assert!(seconds >= 20, "a run stops with twenty seconds left at least");
    Duration::from_secs(seconds)
};

/// Seconds after the deadline at which a lease ends: by then the run is certainly over.
const LEASE_AFTER_DEADLINE: i64 = 30;

/// Seconds that a run may take if the event has no deadline.
const DEFAULT_DURATION: i64 = 240;

/// One run: its time, its deadline, and its summary, which all concurrent work adds to.
#[derive(Debug)]
pub(crate) struct Run {
    /// The time of the event, at which items are due.
    pub(crate) now: Time,
    pub(crate) clock: Clock,
    /// The clock at the start.
    began: Time,
    deadline: Time,
    summary: Cell<Summary>,
    /// The longest time from due to claimed, seconds.
    lag: Cell<i64>,
}

impl Run {
    /// Starts a run that Lambda ends at `deadline`, in milliseconds since 1970.
    pub(crate) fn new(now: Time, deadline: u64, clock: Clock) -> Self {
        let (began, summary, lag) = (clock.now(), Cell::default(), Cell::default());
        Self { now, clock, began, deadline: effective_deadline(deadline, began), summary, lag }
    }

    /// Returns the time in which the run may start something new.
    pub(crate) fn time_left(&self) -> Duration {
        let seconds = self.deadline.since(self.clock.now());
        Duration::from_secs(u64::try_from(seconds).unwrap_or(0)).saturating_sub(RESERVE)
    }

    /// Tells whether more than `reserved` is left of the time in which the run may start something new.
    pub(crate) fn has_more_time_than(&self, reserved: Duration) -> bool {
        self.time_left() > reserved
    }

    /// Returns the end of this run's leases, by the clock.
    pub(crate) fn lease_ends_at(&self) -> Time {
        self.deadline.plus(LEASE_AFTER_DEADLINE)
    }

    /// Adds to the summary.
    pub(crate) fn count(&self, change: impl FnOnce(&mut Summary)) {
        let mut summary = self.summary.get();
        change(&mut summary);
        self.summary.set(summary);
    }

    /// Returns the summary so far.
    pub(crate) fn summary(&self) -> Summary {
        self.summary.get()
    }

    /// Records that a notice is claimed which was due at `due_at`.
    pub(crate) fn record_claim(&self, due_at: Time) {
        let lag = self.now.since(due_at) + self.clock.now().since(self.began);
        self.lag.set(self.lag.get().max(lag));
    }

    /// Returns the longest time from due to claimed, seconds; 0 if nothing was claimed.
    pub(crate) fn lag(&self) -> u64 {
        self.lag.get().try_into().unwrap_or(0)
    }

    /// Counts and logs `count` failures that stop neither the run nor another recipient's mail.
    pub(crate) fn record_failure(&self, count: usize, action: impl Display, error: &(dyn Error + 'static)) {
        self.count(|summary| summary.failed += count);
        tracing::error!(count, causes = causes(error), "could not {action}");
    }
}

/// Returns the deadline of a run. `cargo lambda watch` states an instant of 1970, which counts as none.
fn effective_deadline(stated: u64, now: Time) -> Time {
    let stated = Time::from_milliseconds(i64::try_from(stated).unwrap_or(i64::MAX));
    if stated > now { stated } else { now.plus(DEFAULT_DURATION) }
}

/// Does one step at the table. After a time-out it is unknown whether the step was done.
pub(crate) fn table_step<T>(
    work: impl Future<Output = Result<T, table::Error>>,
) -> impl Future<Output = Result<T, table::Error>> {
    with_timeout(STEP_TIMEOUT, work)
}

/// Works at the table, and fails after `limit`.
pub(crate) fn with_timeout<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, table::Error>>,
) -> impl Future<Output = Result<T, table::Error>> {
    // The future of an SDK call is large. On the heap, it does not enlarge all futures that await it.
    let work = Box::pin(work);
    async move {
        tokio::time::timeout(limit, work).await.unwrap_or_else(|elapsed| {
            Err(table::Error::Failed {
                operation: "a step at the table",
                code: "timeout".to_owned(),
                source: Box::new(elapsed),
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_before_the_start_of_the_run_counts_as_none() {
        let now = Time::from_seconds(1_790_000_000);
        assert_eq!(effective_deadline(1_790_000_060_000, now), now.plus(60));
        assert_eq!(effective_deadline(1_790_000_000_000, now), now.plus(DEFAULT_DURATION));
        assert_eq!(effective_deadline(600_000, now), now.plus(DEFAULT_DURATION));
        assert_eq!(effective_deadline(0, now), now.plus(DEFAULT_DURATION));
    }

    #[test]
    fn the_leases_of_a_run_outlast_it_by_half_a_minute() {
        let clock = Clock::default();
        let deadline = clock.now().plus(900);
        let milliseconds = u64::try_from(deadline.seconds()).unwrap() * 1_000;
        assert_eq!(Run::new(clock.now(), milliseconds, clock).lease_ends_at(), deadline.plus(30));
    }

    #[test]
    fn the_lag_of_a_run_is_that_of_its_latest_claim() {
        let now = Clock::default().now();
        let run = Run::new(now, 0, Clock::default());
        for due_before in [50, 5_000, 500] {
            run.record_claim(now.plus(-due_before));
        }
        assert!((5_000..5_060).contains(&run.lag()), "{}", run.lag());
    }

    #[test]
    fn a_run_without_time_left_starts_nothing() {
        let clock = Clock::default();
        let now = clock.now();
        let ends_in = |seconds| u64::try_from(now.plus(seconds).seconds()).unwrap() * 1_000;
        let run = |seconds| Run::new(now, ends_in(seconds), Clock::default());
        assert!(!run(1).has_more_time_than(Duration::ZERO));
        assert!(run(900).has_more_time_than(Duration::ZERO));
    }
}
