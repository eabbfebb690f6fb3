//! The transactions of the quota model, as `shared/table` writes them.

use super::{
    condition::Condition,
    item::{AccessKey, Item, Items, Place, Status, User, key, record, user},
    request::{Operation, Request},
};
use crate::table::Transaction;

/// The time for which an idempotency record is in force.
pub const RETENTION: u8 = 1;

/// The expiry of new keys.
pub const NEW_EXPIRY: u8 = 3;

type Write<'t> = Transaction<'t, Place, Item, Condition>;

/// Sends the transaction of request `number` on what it has read.
pub fn send(table: &Items, off: &[Condition], number: u8, request: &Request) -> Result<Items, Vec<usize>> {
    let mut write = Transaction::new(table, off);
    if let Operation::Create { once: true } = request.operation {
        claim_idempotency_key(&mut write, request.time());
    }
    write.step(Place::Events(number), |_| [], |_| Some(Item::Events(table.events(number) + 1)));
    match request.operation {
        Operation::Create { .. } => {
            take_slot(&mut write, request, new_key(number), NEW_EXPIRY, true);
            let new = AccessKey { version: 1, expires_at: NEW_EXPIRY, revoked_at: None };
            let absent = |item: Option<&Item>| [(Condition::CreateKeyAbsent, item.is_none())];
            write.step(Place::Key(new_key(number)), absent, |_| Some(Item::Key(new)));
        }
        Operation::Update(expires_at) => {
            let before = request.key.as_ref().expect("it has read the key");
            let seen = before.version;
            let unchanged =
                |item: Option<&Item>| [(Condition::UpdateKeyVersion, version_of_key(item) == Some(seen))];
            write.step(Place::Key(0), unchanged, |item| {
                let key = key(item.as_ref()).cloned().unwrap_or_default();
                Some(Item::Key(AccessKey { version: seen + 1, expires_at, ..key }))
            });
            take_slot(&mut write, request, 0, expires_at, expires_at > before.expires_at);
        }
        Operation::Rotate => {
            let seen = request.key.as_ref().expect("it has read the key").version;
            let unchanged =
                |item: Option<&Item>| [(Condition::RotateKeyVersion, version_of_key(item) == Some(seen))];
            write.step(Place::Key(0), unchanged, |item| {
                let key = key(item.as_ref()).cloned().unwrap_or_default();
                Some(Item::Key(AccessKey { version: seen + 1, ..key }))
            });
            let is_active = |item: Option<&Item>| {
                let active = user(item).is_some_and(|user| user.status == Status::Active);
                [(Condition::RotateUserActive, active)]
            };
            write.step(Place::User, is_active, |item| item);
        }
        Operation::Revoke => {
            let seen = request.key.as_ref().expect("it has read the key").version;
            let conditions = |item: Option<&Item>| {
                let revoked = key(item).is_some_and(|key| key.revoked_at.is_some());
                [
                    (Condition::RevokeKeyVersion, version_of_key(item) == Some(seen)),
                    (Condition::RevokeNotRevoked, !revoked),
                ]
            };
            write.step(Place::Key(0), conditions, |item| {
                let key = key(item.as_ref()).cloned().unwrap_or_default();
                let revoked_at = Some(request.time());
                Some(Item::Key(AccessKey { version: key.version + 1, revoked_at, ..key }))
            });
            free_slot(&mut write, Condition::RevokeUserExists, off.contains(&Condition::RevokeMovesVersion));
        }
        Operation::Delete => {
            let seen = request.key.as_ref().expect("it has read the key").version;
            let unchanged =
                |item: Option<&Item>| [(Condition::DeleteKeyVersion, version_of_key(item) == Some(seen))];
            write.step(Place::Key(0), unchanged, |_| None);
            free_slot(&mut write, Condition::DeleteUserExists, false);
        }
        Operation::SetStatus(status) => {
            change_user(&mut write, request, Condition::UserVersion, |user| User { status, ..user });
        }
        Operation::SetKind(kind) => {
            change_user(&mut write, request, Condition::UserVersion, |user| User { kind, ..user });
        }
        Operation::DeleteUser => change_user(&mut write, request, Condition::MarkUserVersion, |user| User {
            status: Status::Deleted,
            ..user
        }),
    }
    write.commit()
}

/// Returns the key that a request creates. Its id is random, so no other request has it.
pub const fn new_key(number: u8) -> u8 {
    number + 2
}

fn version_of_key(item: Option<&Item>) -> Option<u8> {
    key(item).map(|key| key.version)
}

fn claim_idempotency_key(write: &mut Write<'_>, now: u8) {
    let free = |item: Option<&Item>| {
        let expired = record(item).is_none_or(|at| at + RETENTION <= now);
        [(Condition::RecordAbsentOrExpired, expired)]
    };
    write.step(Place::Record, free, |_| Some(Item::Record(now)));
}

/// Takes or keeps the quota slot of a key. `extends`: the key goes live or ends later.
fn take_slot(write: &mut Write<'_>, request: &Request, id: u8, expires_at: u8, extends: bool) {
    let read = request.user.as_ref().expect("it has read the user");
    let as_checked = |item: Option<&Item>| {
        let now = user(item);
        let same = |same: fn(&User, &User) -> bool| !extends || now.is_some_and(|user| same(user, read));
        [
            (Condition::SlotUserVersion, now.map(|user| user.version) == Some(read.version)),
            (Condition::SlotUserActive, same(|user, _| user.status == Status::Active)),
            (Condition::SlotUserKind, same(|user, read| user.kind == read.kind)),
        ]
    };
    let expired = read.expired(request.time());
    write.step(Place::User, as_checked, |item| {
        let mut user = user(item.as_ref()).cloned().unwrap_or_default();
        user.live_keys.retain(|key, _| !expired.contains(key));
        user.live_keys.insert(id, expires_at);
        user.version += 1;
        Some(Item::User(user))
    });
}

/// Frees the quota slot of key 0, in any version of the user.
fn free_slot(write: &mut Write<'_>, exists: Condition, keeps_version: bool) {
    write.step(
        Place::User,
        |item| [(exists, item.is_some())],
        |item| {
            let mut user = user(item.as_ref()).cloned().unwrap_or_default();
            user.live_keys.remove(&0);
            user.version += u8::from(!keeps_version);
            Some(Item::User(user))
        },
    );
}

/// Changes the user from the state in which it was read: what differs, and the version.
fn change_user(
    write: &mut Write<'_>,
    request: &Request,
    condition: Condition,
    change: impl FnOnce(User) -> User,
) {
    let seen = request.user.as_ref().expect("it has read the user").version;
    let unchanged = |item: Option<&Item>| [(condition, user(item).map(|user| user.version) == Some(seen))];
    write.step(Place::User, unchanged, |item| {
        let user = user(item.as_ref()).cloned().unwrap_or_default();
        Some(Item::User(User { version: seen + 1, ..change(user) }))
    });
}
