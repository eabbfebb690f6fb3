//! The promises of the digests model. The numbers are those of the invariants in the design.

use super::{
    KEYS, READERS,
    item::{Items, Line},
    state::State,
};

/// A promise that a state has broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Broken {
    /// A reader was not told of a key, and nothing in the table brings it back (8).
    Lost,
    /// A reader was told twice of an expiry, and no mark was lost.
    ToldTwice,
    /// A line was claimed of a key that had changed.
    ClaimedUntrue,
    /// A mail named a key that had changed, when it was read for sending.
    ToldUntrue,
}

impl Broken {
    /// Returns the first promise that a state has broken.
    pub fn of(state: &State) -> Option<Self> {
        let checks = [
            (Self::Lost, KEYS.into_iter().all(|number| is_kept(state, number))),
            (Self::ToldTwice, state.told.values().all(|times| *times <= 1 + state.excused)),
        ];
        checks.into_iter().find(|(_, kept)| !kept).map(|(broken, _)| broken)
    }
}

/// Whatever happens to the runs, each reader is told of a key, or the table alone brings its notice back.
fn is_kept(state: &State, number: u8) -> bool {
    let Some(key) = state.table.key(number).filter(|key| !key.is_revoked) else { return true };
    if key.due == Some(key.expires_at) {
        return true;
    }
    let line = Line { key: number, expires_at: key.expires_at };
    READERS
        .into_iter()
        .all(|reader| state.told.contains_key(&(reader, line)) || is_in_mail(&state.table, reader, line))
}

fn is_in_mail(table: &Items, reader: u8, line: Line) -> bool {
    let Some(id) = table.told_by(reader, line) else { return false };
    table.mail(reader, id).is_some_and(|mail| !mail.is_marked && mail.lines.contains(&line))
}
