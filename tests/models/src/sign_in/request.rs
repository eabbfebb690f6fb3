//! The requests of the sign-in model: what each wants, and how far it is.

use super::item::{Address, Status, Subject, User};

/// What a request wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    /// `authorize-request`: a person's request.
    SignIn(Subject),
    /// `manage-users`: invites a person.
    Invite(Address),
    /// `manage-users`: changes the address of user 0.
    SetEmail(Address),
    /// `manage-users`: suspends user 0, or lifts the suspension.
    SetStatus(Status),
    /// `manage-users`: makes user 0 a normal user.
    Demote,
    /// `manage-users`: deletes a user.
    Delete(u8),
}

/// How far a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Progress {
    /// A sign-in that reads its link.
    Starting,
    /// A sign-in without a link, which reads the claim on its address.
    Unlinked,
    /// It reads a user.
    ReadingUser {
        /// The user.
        id: u8,
        /// Whether a claim names the user, and no link.
        by_claim: bool,
    },
    /// It has decided, and sends its transaction.
    Decided,
    /// A sign-in that records that the address of its user is proven.
    Proving,
    /// Its transaction was done and the reply was lost.
    Unanswered,
    /// The user is marked as deleted, and is to be removed.
    Removing,
    /// It is over.
    Done(Outcome),
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was done.
    Success,
    /// It changed nothing, because everything is as it wants, or was done before.
    Unchanged,
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
    /// The user that it has read.
    pub user: Option<(u8, User)>,
    /// Whether user 0 was answered to be suspended or deleted before it began. It decides nothing: a promise is judged
    /// by it.
    pub too_late: bool,
}

impl Request {
    /// Returns a request that has read nothing.
    pub const fn new(operation: Operation) -> Self {
        Self { operation, progress: Self::start_of(operation), user: None, too_late: false }
    }

    const fn start_of(operation: Operation) -> Progress {
        match operation {
            Operation::SignIn(_) => Progress::Starting,
            Operation::Invite(_) => Progress::Decided,
            Operation::Delete(id) => Progress::ReadingUser { id, by_claim: false },
            Operation::SetEmail(_) | Operation::SetStatus(_) | Operation::Demote => {
                Progress::ReadingUser { id: 0, by_claim: false }
            }
        }
    }

    /// Returns the user that it has read.
    ///
    /// # Panics
    ///
    /// If it has not decided.
    pub const fn read(&self) -> (u8, &User) {
        let (id, user) = self.user.as_ref().expect("a request that decides has read the user");
        (*id, user)
    }

    /// Ends it. What it has read does not matter any more.
    pub fn end(&mut self, outcome: Outcome) {
        *self = Self { progress: Progress::Done(outcome), ..Self::new(self.operation) };
    }

    /// Starts again after a conflict, as `retry_on_conflict` does.
    pub fn start_again(&mut self) {
        *self = Self { too_late: self.too_late, ..Self::new(self.operation) };
    }
}
