//! The promises of the quota model. The numbers are those of the invariants in the design.

use super::{
    item::{Items, Status},
    request::{Operation, Outcome, Progress, Request},
    transactions::RETENTION,
};

/// A promise that a state has broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Broken {
    /// Live keys exceed every quota that was in force during the request that created or extended one (1).
    Quota,
    /// A key went live, ends later or got another secret while its user is not active (2).
    NotActive,
    /// `live_keys` names other live keys than there are (1).
    LiveKeys,
    /// An answered change does not have exactly one audit event, or a refused one has any (6).
    AuditEvents,
    /// A key or user was ended twice, or suspended twice (6).
    EndedTwice,
    /// A repeated request created another key (7).
    CreatedTwice,
    /// A key is not revoked after an answered revocation or there after an answered deletion, or a user not suspended
    /// after an answered suspension (2).
    NotEnded,
    /// Something of the user is left, or came back, after an answered deletion (9).
    LeftBehind,
}

impl Broken {
    /// Returns the first promise that a state has broken.
    pub fn of(table: &Items, now: u8, requests: &[Request]) -> Option<Self> {
        let checks = [
            (Self::LiveKeys, live_keys(table, now)),
            (Self::AuditEvents, audit_events(table, requests)),
            (Self::EndedTwice, ended_once(table, requests)),
            (Self::CreatedTwice, created_once(table, requests)),
            (Self::NotEnded, ended(table, requests)),
            (Self::LeftBehind, nothing_is_left(table, requests)),
        ];
        checks.into_iter().find(|(_, kept)| !kept).map(|(broken, _)| broken)
    }
}

/// Judges a transaction that creates, extends or rotates a key.
pub fn judge_live_key(before: &Items, after: &Items, now: u8, request: &Request) -> Option<Broken> {
    let extends = match request.operation {
        Operation::Create { .. } => true,
        Operation::Update(expires_at) => before.key(0).is_some_and(|key| expires_at > key.expires_at),
        _ => false,
    };
    let rotates = request.operation == Operation::Rotate;
    if !extends && !rotates {
        return None;
    }
    let user = before.user();
    if user.is_none_or(|user| user.status != Status::Active) {
        return Some(Broken::NotActive);
    }
    // A rotation takes no slot of the quota.
    if rotates {
        return None;
    }
    let is_live = |expires_at: u8, revoked: bool| !revoked && expires_at > now;
    let live = after.keys().filter(|(_, key)| is_live(key.expires_at, key.revoked_at.is_some())).count();
    let quota = user.map_or(0, |user| user.kind.quota(request.highest_quota));
    (live > usize::from(quota)).then_some(Broken::Quota)
}

fn live_keys(table: &Items, now: u8) -> bool {
    // The keys of a user that is marked as deleted are removed without touching the user.
    let Some(user) = table.user().filter(|user| user.status != Status::Deleted) else { return true };
    let named = user.live_keys.iter().filter(|(_, expiry)| **expiry > now);
    let there = table.keys().filter(|(_, key)| key.revoked_at.is_none() && key.expires_at > now);
    named.map(|(id, expiry)| (*id, *expiry)).eq(there.map(|(id, key)| (id, key.expires_at)))
}

fn audit_events(table: &Items, requests: &[Request]) -> bool {
    (0..).zip(requests).all(|(number, request)| {
        let events = table.events(number);
        match request.progress {
            // A repeated deletion goes on with one that was recorded before.
            Progress::Done(Outcome::Success) if request.operation == Operation::DeleteUser => events <= 1,
            Progress::Done(Outcome::Success) => events == 1,
            Progress::Done(Outcome::Refused | Outcome::Replayed | Outcome::Unchanged) => events == 0,
            _ => events <= 1,
        }
    })
}

fn count_events(table: &Items, requests: &[Request], counts: impl Fn(Operation) -> bool) -> u8 {
    let counted = (0..).zip(requests).filter(|(_, request)| counts(request.operation));
    counted.map(|(number, _)| table.events(number)).sum()
}

fn ended_once(table: &Items, requests: &[Request]) -> bool {
    let count = |operation| count_events(table, requests, |one| one == operation);
    let lifted = count(Operation::SetStatus(Status::Active));
    count(Operation::Revoke) <= 1
        && count(Operation::Delete) <= 1
        && count(Operation::DeleteUser) <= 1
        && count(Operation::SetStatus(Status::Suspended)) <= 1 + lifted
}

fn created_once(table: &Items, requests: &[Request]) -> bool {
    let times: Vec<u8> = (0..)
        .zip(requests)
        .filter(|(number, request)| {
            request.operation == (Operation::Create { once: true }) && table.events(*number) > 0
        })
        .map(|(_, request)| request.time())
        .collect();
    let apart = |(position, one): (usize, &u8)| {
        times[position + 1..].iter().all(|other| one.abs_diff(*other) >= RETENTION)
    };
    times.iter().enumerate().all(apart)
}

fn succeeded(requests: &[Request], operation: Operation) -> bool {
    let success = Progress::Done(Outcome::Success);
    requests.iter().any(|request| request.operation == operation && request.progress == success)
}

fn ended(table: &Items, requests: &[Request]) -> bool {
    let revoked =
        !succeeded(requests, Operation::Revoke) || table.key(0).is_none_or(|key| key.revoked_at.is_some());
    let is_lifted = requests.iter().any(|request| request.operation == Operation::SetStatus(Status::Active));
    let suspended = is_lifted
        || !succeeded(requests, Operation::SetStatus(Status::Suspended))
        || table.user().is_none_or(|user| user.status != Status::Active);
    let deleted = !succeeded(requests, Operation::Delete) || table.key(0).is_none();
    revoked && deleted && suspended
}

fn nothing_is_left(table: &Items, requests: &[Request]) -> bool {
    !succeeded(requests, Operation::DeleteUser) || table.user().is_none() && table.keys().next().is_none()
}
