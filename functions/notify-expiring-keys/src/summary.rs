//! The function's answer: how far a run came.

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
    /// Due items that the run did not reach or did not finish. The next run continues there.
    pub left_over: usize,
}

impl Summary {
    pub(crate) fn log(&self) {
        tracing::info!(
            summary.due = self.due,
            summary.sent = self.sent,
            summary.skipped = self.skipped,
            summary.failed = self.failed,
            summary.waiting = self.waiting,
            summary.left_over = self.left_over,
            "finished a run of notices"
        );
    }
}
