//! The changes of the notices model: under the conditions that the quota model shows to be needed.

use super::{
    item::{AccessKey, Item, Place, Rearming, User},
    state::{Operation, State},
};

fn version(state: &State, operation: Operation) -> Option<u8> {
    let (key, user) = (state.table.key().filter(|key| !key.is_revoked), state.table.user());
    match operation {
        Operation::Extend | Operation::Revoke => key.map(|key| key.version),
        Operation::Delete => state.table.key().map(|key| key.version),
        Operation::Suspend => (!user.is_suspended).then_some(user.version),
        Operation::Lift => user.is_suspended.then_some(user.version),
    }
}

/// Begins a change, unless there is nothing to change.
pub fn begin(state: &mut State, number: u8) {
    let found = version(state, state.changes[usize::from(number)].operation);
    let now = state.now;
    let change = &mut state.changes[usize::from(number)];
    change.now = change.now.or(Some(now));
    change.version = found.unwrap_or_default();
    change.is_done = found.is_none();
}

/// Writes a change; one that has lost a race begins again.
pub fn commit(state: &mut State, number: u8) {
    let change = state.changes[usize::from(number)].clone();
    let now = change.now.unwrap_or_default();
    if version(state, change.operation) != Some(change.version) {
        return begin(state, number);
    }
    let (key, user) = (state.table.key().unwrap_or_default(), state.table.user());
    let version = change.version + 1;
    match change.operation {
        Operation::Extend => {
            let moved = AccessKey { version, expires_at: key.expires_at + 1, set_at: now, ..key };
            set_key(state, Some(AccessKey { due_at: moved.next_due(now), ..moved }));
        }
        Operation::Revoke => {
            set_key(state, Some(AccessKey { version, is_revoked: true, due_at: None, ..key }));
        }
        Operation::Delete => set_key(state, None),
        Operation::Suspend | Operation::Lift => {
            let is_suspended = !user.is_suspended;
            state.table.set(Place::User, Some(Item::User(User { version, is_suspended })));
            if !is_suspended {
                let rearming = Rearming { caused_by: version, due_at: Some(now) };
                state.table.set(Place::Rearming, Some(Item::Rearming(rearming)));
            }
        }
    }
    state.changes[usize::from(number)].is_done = true;
}

fn set_key(state: &mut State, key: Option<AccessKey>) {
    state.table.set(Place::Key, key.map(Item::Key));
}
