//! The changes of the digests model: under the conditions that the quota model shows to be needed.

use super::{
    action::Operation,
    item::{AccessKey, Item, Place},
    state::State,
};

/// Writes a change, unless the key is revoked.
pub fn commit(state: &mut State, operation: Operation) {
    let position = state.changes.iter().position(|other| *other == operation).expect("it is to come");
    state.changes.remove(position);
    let (Operation::Extend(number) | Operation::Revoke(number)) = operation;
    let Some(key) = state.table.key(number).filter(|key| !key.is_revoked) else { return };
    let changed = match operation {
        Operation::Extend(_) => {
            let expires_at = key.expires_at + 1;
            AccessKey { expires_at, due: Some(expires_at), ..key }
        }
        Operation::Revoke(_) => AccessKey { is_revoked: true, due: None, ..key },
    };
    state.table.set(Place::Key(number), Some(Item::Key(changed)));
}
