//! The transactions of the sign-in model, as `shared/table` writes them.

use super::{
    condition::Condition,
    item::{Address, Item, Items, Owners, Place, Status, Subject, User, pointer, user},
    request::{Operation, Request},
};
use crate::table::Transaction;

type Write<'t> = Transaction<'t, Place, Item, Condition>;

/// The meaning of a refused transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Read again and decide again.
    Conflict,
    /// The request is refused.
    Refused,
}

/// Sends the transaction of request `number` on what it has read.
pub fn send(table: &Items, off: &[Condition], number: u8, request: &Request) -> Result<Items, Refusal> {
    let mut write = Transaction::new(table, off);
    let mut means = vec![Refusal::Conflict];
    write.step(Place::Events(number), |_| [], |_| Some(Item::Events(table.events(number) + 1)));
    match request.operation {
        Operation::SignIn(subject) => link(&mut write, &mut means, request, subject),
        Operation::Invite(address) => {
            let id = number + 2;
            let new = User { version: 1, email: Some(address), ..User::default() };
            write.step(Place::User(id), |_| [], |_| Some(Item::User(new)));
            means.push(Refusal::Refused);
            claim(&mut write, &mut means, id, address, Condition::CreateClaimAbsent);
        }
        Operation::Delete(_) => mark(&mut write, &mut means, request),
        Operation::SetEmail(_) | Operation::SetStatus(_) | Operation::Demote => {
            let (_, before) = request.read();
            let after = changed(request.operation, before, off);
            change(&mut write, &mut means, request, &after, Condition::ChangeUserVersion);
            change_claim(&mut write, &mut means, request, &after, Condition::ChangeClaimOurs);
            change_owners(&mut write, &mut means, request, after.place());
        }
    }
    // The first step that is refused says what it means.
    write.commit().map_err(|refused| means[refused[0]])
}

/// Records a proven address: an update of its own.
pub fn prove(table: &Items, off: &[Condition], id: u8, address: Address) -> Option<Items> {
    let mut write = Transaction::new(table, off);
    let same = |item: Option<&Item>| {
        let email = user(item).and_then(|user| user.email);
        [(Condition::ProveSameAddress, email == Some(address))]
    };
    write.step(Place::User(id), same, |item| {
        let user = user(item.as_ref()).cloned().unwrap_or_default();
        Some(Item::User(User { proven: Some(address), ..user }))
    });
    write.commit().ok()
}

/// Applies a change to a user, as `domain::user` and the body of the request do.
pub fn changed(operation: Operation, before: &User, off: &[Condition]) -> User {
    let mut after = before.clone();
    match operation {
        Operation::SetEmail(address) => {
            let is_other = before.email != Some(address);
            after.email = Some(address);
            if is_other && !off.contains(&Condition::ChangedAddressUnproven) {
                after.proven = None;
            }
        }
        Operation::SetStatus(status) => after.status = status,
        Operation::Demote => after.is_owner = false,
        Operation::SignIn(_) | Operation::Invite(_) | Operation::Delete(_) => {}
    }
    after
}

fn link(write: &mut Write<'_>, means: &mut Vec<Refusal>, request: &Request, subject: Subject) {
    let (id, before) = request.read();
    let address = subject.address();
    let names = |item: Option<&Item>| [(Condition::LinkClaimNamesUser, pointer(item) == Some(id))];
    write.step(Place::Claim(address), names, |item| item);
    let absent = |item: Option<&Item>| [(Condition::LinkAbsent, item.is_none())];
    write.step(Place::Link(subject), absent, |_| Some(Item::Pointer(id)));
    let unlinked = |item: Option<&Item>| {
        let now = user(item);
        [
            (Condition::LinkUserVersion, now.map(|user| user.version) == Some(before.version)),
            (Condition::LinkUserUnlinked, now.is_none_or(|user| user.subject.is_none())),
        ]
    };
    write.step(Place::User(id), unlinked, |item| {
        let user = user(item.as_ref()).cloned().unwrap_or_default();
        let (subject, proven, version) = (Some(subject), Some(address), user.version + 1);
        Some(Item::User(User { version, proven, subject, ..user }))
    });
    means.extend([Refusal::Conflict; 3]);
    change_owners(write, means, request, User { subject: Some(subject), ..before.clone() }.place());
}

fn mark(write: &mut Write<'_>, means: &mut Vec<Refusal>, request: &Request) {
    let (id, before) = request.read();
    let after = User { status: Status::Deleted, email: None, proven: None, subject: None, ..before.clone() };
    change(write, means, request, &after, Condition::MarkUserVersion);
    change_claim(write, means, request, &after, Condition::MarkClaimOurs);
    if let Some(subject) = before.subject {
        let ours = |item: Option<&Item>| [(Condition::MarkLinkOurs, pointer(item) == Some(id))];
        write.step(Place::Link(subject), ours, |_| None);
        means.push(Refusal::Conflict);
    }
    change_owners(write, means, request, 0);
}

/// Changes what differs between the user that was read and `after`, and the version.
fn change(
    write: &mut Write<'_>,
    means: &mut Vec<Refusal>,
    request: &Request,
    after: &User,
    condition: Condition,
) {
    let (id, before) = request.read();
    let as_read =
        |item: Option<&Item>| [(condition, user(item).map(|user| user.version) == Some(before.version))];
    write.step(Place::User(id), as_read, |item| {
        let mut user = user(item.as_ref()).cloned().unwrap_or_default();
        user.version = before.version + 1;
        set(&mut user.is_owner, &before.is_owner, &after.is_owner);
        set(&mut user.status, &before.status, &after.status);
        set(&mut user.email, &before.email, &after.email);
        set(&mut user.proven, &before.proven, &after.proven);
        set(&mut user.subject, &before.subject, &after.subject);
        Some(Item::User(user))
    });
    means.push(Refusal::Conflict);
}

fn set<T: PartialEq + Copy>(stored: &mut T, before: &T, after: &T) {
    if before != after {
        *stored = *after;
    }
}

fn change_claim(
    write: &mut Write<'_>,
    means: &mut Vec<Refusal>,
    request: &Request,
    after: &User,
    condition: Condition,
) {
    let (id, before) = request.read();
    if before.email == after.email {
        return;
    }
    if let Some(old) = before.email {
        let ours = |item: Option<&Item>| [(condition, pointer(item) == Some(id))];
        write.step(Place::Claim(old), ours, |_| None);
        means.push(Refusal::Conflict);
    }
    if let Some(new) = after.email {
        claim(write, means, id, new, Condition::ChangeClaimAbsent);
    }
}

fn claim(write: &mut Write<'_>, means: &mut Vec<Refusal>, id: u8, address: Address, condition: Condition) {
    let absent = |item: Option<&Item>| [(condition, item.is_none())];
    write.step(Place::Claim(address), absent, |_| Some(Item::Pointer(id)));
    means.push(Refusal::Refused);
}

/// Moves a user from its place among the owners, as it was read, to another.
fn change_owners(write: &mut Write<'_>, means: &mut Vec<Refusal>, request: &Request, to: u8) {
    let (id, before) = request.read();
    let from = before.place();
    if from == to {
        return;
    }
    let another = |item: Option<&Item>| {
        let remains = !matches!(item, Some(Item::Organization(owners)) if owners.entered.len() <= 1);
        [(Condition::AnotherOwner, from < 2 || to > from || remains)]
    };
    let moved = |place: u8| from.min(to) < place && place <= from.max(to);
    write.step(Place::Organization, another, |item| {
        let mut owners = match item {
            Some(Item::Organization(owners)) => owners,
            _ => Owners::default(),
        };
        for (place, set) in [(1, &mut owners.active), (2, &mut owners.entered)] {
            if moved(place) && to > from {
                set.insert(id);
            } else if moved(place) {
                set.remove(&id);
            }
        }
        Some(Item::Organization(owners))
    });
    means.push(Refusal::Refused);
}
