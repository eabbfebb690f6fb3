//! The promises of the sign-in model. The numbers are those of the invariants in the design.

use super::{
    item::{Items, Owners, Place, Status},
    request::{Operation, Outcome, Progress, Request},
    state::State,
};

/// A promise that a state has broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Broken {
    /// A sign-in was linked to a user that does not have its address, is not active, or has another sign-in (12).
    LinkedStranger,
    /// A sign-in passed as a user of another sign-in (12).
    PassedAsAnother,
    /// A sign-in passed that began after its user was suspended or deleted (2).
    PassedTooLate,
    /// Links and claims name other users than those who have the sign-ins and addresses.
    Pointers,
    /// The organization names other owners than there are.
    Owners,
    /// No owner who has signed in is left.
    NoOwner,
    /// An address counts as proven which no sign-in has proven since it was set (12).
    Unproven,
    /// An answered change does not have exactly one audit event, or a refused one has any (6).
    AuditEvents,
    /// A user was ended or linked twice (6).
    Twice,
    /// Something of the user is left, or came back, after an answered deletion (9).
    LeftBehind,
}

impl Broken {
    /// Returns the first promise that a state has broken.
    pub fn of(state: &State) -> Option<Self> {
        let (table, requests) = (&state.table, state.requests.as_slice());
        let checks = [
            (Self::Pointers, pointers(table)),
            (Self::Owners, table.owners() == owners(table)),
            (Self::NoOwner, !table.owners().entered.is_empty()),
            (
                Self::Unproven,
                state.is_proven || table.user(0).is_none_or(|user| user.proven_address().is_none()),
            ),
            (Self::AuditEvents, audit_events(table, requests)),
            (Self::Twice, once(table, requests)),
            (Self::LeftBehind, nothing_is_left(table, requests)),
        ];
        checks.into_iter().find(|(_, kept)| !kept).map(|(broken, _)| broken)
    }
}

/// Judges a transaction that links a sign-in.
pub fn judge_link(before: &Items, request: &Request) -> Option<Broken> {
    let Operation::SignIn(subject) = request.operation else { return None };
    let user = before.user(request.read().0);
    let is_right = user.is_some_and(|user| {
        user.email == Some(subject.address()) && user.status == Status::Active && user.subject.is_none()
    });
    (!is_right).then_some(Broken::LinkedStranger)
}

/// Judges a sign-in that passes.
pub fn judge_acceptance(request: &Request) -> Option<Broken> {
    let (Operation::SignIn(subject), (id, user)) = (request.operation, request.read()) else { return None };
    if user.subject.is_some_and(|linked| linked != subject) {
        return Some(Broken::PassedAsAnother);
    }
    (id == 0 && request.too_late).then_some(Broken::PassedTooLate)
}

fn pointers(table: &Items) -> bool {
    let of_users = table.users().all(|(id, user)| {
        let link = user.subject.is_none_or(|subject| table.pointer(Place::Link(subject)) == Some(id));
        link && user.email.is_none_or(|email| table.pointer(Place::Claim(email)) == Some(id))
    });
    let named = |id: u8| table.user(id).filter(|user| user.status != Status::Deleted);
    let of_items = table.0.keys().all(|place| {
        let user = table.pointer(*place).map(named);
        match (place, user) {
            (Place::Link(subject), Some(user)) => user.is_some_and(|user| user.subject == Some(*subject)),
            (Place::Claim(email), Some(user)) => user.is_some_and(|user| user.email == Some(*email)),
            _ => true,
        }
    });
    of_users && of_items
}

fn owners(table: &Items) -> Owners {
    let at = |least: u8| table.users().filter(|(_, user)| user.place() >= least).map(|(id, _)| id).collect();
    Owners { active: at(1), entered: at(2) }
}

fn audit_events(table: &Items, requests: &[Request]) -> bool {
    (0..).zip(requests).all(|(number, request)| {
        let events = table.events(number);
        match request.progress {
            // A repeated deletion goes on with one that was recorded before.
            Progress::Done(Outcome::Success) if matches!(request.operation, Operation::Delete(_)) => {
                events <= 1
            }
            Progress::Done(Outcome::Success) => events == 1,
            // A sign-in passes as a user that it linked before.
            Progress::Done(Outcome::Unchanged) if matches!(request.operation, Operation::SignIn(_)) => {
                events <= 1
            }
            Progress::Done(Outcome::Refused | Outcome::Unchanged) => events == 0,
            _ => events <= 1,
        }
    })
}

fn once(table: &Items, requests: &[Request]) -> bool {
    let count = |operation| {
        let counted = (0..).zip(requests).filter(|(_, request)| request.operation == operation);
        counted.map(|(number, _)| table.events(number)).sum::<u8>()
    };
    let lifted = count(Operation::SetStatus(Status::Active));
    count(Operation::Delete(0)) <= 1
        && count(Operation::Delete(1)) <= 1
        && count(Operation::Demote) <= 1
        && count(Operation::SetStatus(Status::Suspended)) <= 1 + lifted
}

fn nothing_is_left(table: &Items, requests: &[Request]) -> bool {
    requests.iter().all(|request| match (request.operation, request.progress) {
        (Operation::Delete(id), Progress::Done(Outcome::Success)) => table.user(id).is_none(),
        _ => true,
    })
}
