//! The requests of the quota model: what each wants, and how far it is.

use super::item::{AccessKey, Kind, Status, User};

/// What a request wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    /// `create-access-key`: a new key. `once`: under the `Idempotency-Key` that all these requests share.
    Create {
        /// Whether it has the `Idempotency-Key`.
        once: bool,
    },
    /// `update-access-key`: key 0 gets this expiry.
    Update(u8),
    /// `rotate-access-key`: key 0 gets another secret.
    Rotate,
    /// `revoke-access-key`: key 0.
    Revoke,
    /// `delete-access-key`: key 0.
    Delete,
    /// `manage-users`: suspends the user, or lifts the suspension.
    SetStatus(Status),
    /// `manage-users`: changes the user's kind.
    SetKind(Kind),
    /// `manage-users`: deletes the user.
    DeleteUser,
}

/// How far a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Progress {
    /// It reads before it decides.
    Reading,
    /// It has decided, and sends its transaction.
    Decided,
    /// Its transaction was done and the reply was lost.
    Unanswered,
    /// It was refused, and looks for an idempotency record.
    Refused,
    /// The user is marked as deleted, and its keys are to be removed.
    RemovingKeys,
    /// The user's keys are removed, and the user is to be removed.
    RemovingUser,
    /// It is over.
    Done(Outcome),
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was done.
    Success,
    /// It changed nothing, because everything is as it wants.
    Unchanged,
    /// Another request under the same `Idempotency-Key` was done.
    Replayed,
    /// A refusal.
    Refused,
    /// A failure: whether it was done is unknown.
    Failed,
}

/// A request, and what it has read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Request {
    /// What it wants.
    pub operation: Operation,
    /// How far it is.
    pub progress: Progress,
    /// Its time, from its first read on.
    pub now: Option<u8>,
    /// The policy's quota that it has read.
    pub quota: Option<u8>,
    /// The user that it has read.
    pub user: Option<User>,
    /// The key that it has read.
    pub key: Option<AccessKey>,
    /// The highest quota of the policy in force since it began. It decides nothing: a promise is judged by it.
    pub highest_quota: u8,
}

impl Request {
    /// Returns a request that has read nothing.
    pub const fn new(operation: Operation) -> Self {
        let (progress, highest_quota) = (Progress::Reading, 0);
        Self { operation, progress, now: None, quota: None, user: None, key: None, highest_quota }
    }

    /// Returns its time.
    ///
    /// # Panics
    ///
    /// Before its first read.
    pub const fn time(&self) -> u8 {
        self.now.expect("a request that decides has begun")
    }

    /// Returns whether it is over.
    pub const fn is_done(&self) -> bool {
        matches!(self.progress, Progress::Done(_))
    }

    /// Ends it. What it has read does not matter any more.
    pub fn end(&mut self, outcome: Outcome) {
        self.progress = Progress::Done(outcome);
        (self.quota, self.user, self.key, self.highest_quota) = (None, None, None, 0);
        // Requests under one `Idempotency-Key` are compared by their times.
        self.now = self.now.filter(|_| self.operation == Operation::Create { once: true });
    }

    /// Reads again after a conflict, as `retry_on_conflict` does. The policy and the time stay with a creation.
    pub fn read_again(&mut self) {
        self.progress = Progress::Reading;
        (self.user, self.key) = (None, None);
    }
}
