//! The function's answer: how far a run came.

use api::{Metric, Metrics, Unit};
use serde::Serialize;

/// How far a run came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Keys and messages that the index named as due, and mails that an earlier run left unfinished.
    pub due: usize,
    /// Mails that SES accepted.
    pub sent: usize,
    /// Due keys and messages without a new notice or without a recipient.
    pub skipped: usize,
    /// Parts of the index, keys, messages and users that could not be read, inboxes that could not be
    /// written, mails that could not be claimed, sent or marked, and users that could not be removed.
    pub failed: usize,
    /// Mails that wait for the next day, because their organization has used up those of this one, and mails and
    /// messages that wait until a suspension is lifted.
    pub waiting: usize,
    /// Due items that the run did not reach or did not finish, for lack of time, room or quota. The next run continues
    /// there.
    pub left_over: usize,
    /// Due items beyond the part of a run that one organization has, and beyond the one mail that a recipient gets; re-arms
    /// and removals that continue in the next run for the same reason. They wait because of their own organization, so
    /// they are not among `left_over`.
    pub beyond_share: usize,
}

impl Summary {
    /// Writes the line of a run, with its metrics. `lag` is the longest time from due to claimed, seconds.
    pub(crate) fn log(&self, lag: u64, keys_expiring: Option<u64>) {
        let count = |name: &'static str, count: usize| -> Metric { (name, Unit::Count, count as u64) };
        let mut metrics = vec![
            count("Due", self.due),
            count("Sent", self.sent),
            count("Failed", self.failed),
            count("LeftOver", self.left_over),
            ("Lag", Unit::Seconds, lag),
        ];
        metrics.extend(keys_expiring.map(|keys| ("KeysExpiring30Days", Unit::Count, keys)));
        tracing::info!(
            metrics = %Metrics::of(&metrics),
            skipped = self.skipped,
            waiting = self.waiting,
            beyond_share = self.beyond_share,
            "finished a run of notices"
        );
    }
}
