//! The changes of the notices model: under the conditions that the quota model shows to be needed.
//!
//! A change reads what it changes and writes it on condition that it is unchanged, or reads it again. So it is as if it
//! read and wrote at once; only its time is older.

use super::{
    item::{AccessKey, Item, Place, Rearming, User},
    state::{Change, Operation, State},
};

impl Operation {
    /// Returns whether its time matters.
    pub const fn uses_time(self) -> bool {
        matches!(self, Self::Extend | Self::Lift)
    }
}

fn is_possible(state: &State, operation: Operation) -> bool {
    let (key, user) = (state.table.key(), state.table.user());
    match operation {
        Operation::Extend | Operation::Revoke => key.is_some_and(|key| !key.is_revoked),
        Operation::Delete => key.is_some(),
        Operation::Suspend => !user.is_suspended,
        Operation::Lift => user.is_suspended,
    }
}

fn take(state: &mut State, change: Change) {
    let position = state.changes.iter().position(|other| *other == change).expect("it is not over");
    state.changes.remove(position);
}

/// Begins a change, unless there is nothing to change.
pub fn begin(state: &mut State, operation: Operation) {
    take(state, Change { operation, now: None });
    if is_possible(state, operation) {
        state.changes.push(Change { operation, now: Some(state.now) });
    }
}

/// Writes a change, unless there is nothing to change any more.
pub fn commit(state: &mut State, change: Change) {
    take(state, change);
    if !is_possible(state, change.operation) {
        return;
    }
    let now = change.now.unwrap_or(state.now);
    let (key, user) = (state.table.key().unwrap_or_default(), state.table.user());
    match change.operation {
        Operation::Extend => {
            let (version, expires_at) = (key.version + 1, key.expires_at + 1);
            let moved = AccessKey { version, expires_at, set_at: now, ..key };
            set_key(state, Some(AccessKey { due_at: moved.next_due(now), ..moved }));
        }
        Operation::Revoke => {
            let version = key.version + 1;
            set_key(state, Some(AccessKey { version, is_revoked: true, due_at: None, ..key }));
        }
        Operation::Delete => set_key(state, None),
        Operation::Suspend | Operation::Lift => {
            let (version, is_suspended) = (user.version + 1, !user.is_suspended);
            state.table.set(Place::User, Some(Item::User(User { version, is_suspended })));
            if !is_suspended {
                let rearming = Rearming { caused_by: version, due_at: Some(now) };
                state.table.set(Place::Rearming, Some(Item::Rearming(rearming)));
            }
        }
    }
}

fn set_key(state: &mut State, key: Option<AccessKey>) {
    state.table.set(Place::Key, key.map(Item::Key));
}
