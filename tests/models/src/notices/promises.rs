//! The promises of the notices model. The numbers are those of the invariants in the design.

use super::{
    item::{AccessKey, Announcement, Items, Place},
    state::State,
};

/// A promise that a state has broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Broken {
    /// A due notice was not told, and nothing in the table brings it back (8).
    Lost,
    /// A notice was told twice, and no mark was lost.
    ToldTwice,
    /// A notice was claimed of an expiry that moved, or of a key that was revoked or deleted.
    ClaimedUntrue,
    /// A mail named an expiry that had moved, or a key that was revoked or deleted, when it was read for sending.
    ToldUntrue,
    /// A notice was claimed after the same or a narrower one was told, or read for sending after another mail told a
    /// narrower one.
    Backlog,
    /// A run changed a key that is gone, or made a revoked one due.
    BroughtBack,
}

impl Broken {
    /// Returns the first promise that a state has broken.
    pub fn of(state: &State) -> Option<Self> {
        let often = |(_, times): (&Announcement, &u8)| *times > 1 + state.excused;
        let key = state.table.key();
        let checks = [
            (Self::Lost, nothing_is_lost(state)),
            (Self::ToldTwice, !state.told.iter().any(often)),
            (
                Self::BroughtBack,
                key.is_none_or(|key| key.version > 0 && !(key.is_revoked && key.due_at.is_some())),
            ),
        ];
        checks.into_iter().find(|(_, kept)| !kept).map(|(broken, _)| broken)
    }
}

/// Tells whether a notice is true.
pub fn is_true(key: Option<AccessKey>, notice: Announcement) -> bool {
    key.is_some_and(|key| key.expires_at == notice.expires_at && !key.is_revoked)
}

/// Judges the claim of a notice.
pub fn judge_claim(state: &State, notice: Announcement) -> Option<Broken> {
    if !is_true(state.table.key(), notice) {
        return Some(Broken::ClaimedUntrue);
    }
    is_told(state, notice.expires_at, notice.stage).then_some(Broken::Backlog)
}

/// Tells whether another mail than this has told of a narrower stage.
pub fn is_told_elsewhere(state: &State, mail: u8, line: Announcement) -> bool {
    let is_narrower = |told: &Announcement| told.expires_at == line.expires_at && told.stage < line.stage;
    let told_by = state.table.claim(line.expires_at).map(|claim| claim.told_by);
    told_by != Some(mail) && state.told.keys().any(is_narrower)
}

/// Tells whether a stage of an expiry or a narrower one was told.
fn is_told(state: &State, expires_at: u8, widest: u8) -> bool {
    state.told.keys().any(|told| told.expires_at == expires_at && told.stage <= widest)
}

/// Whatever happens to the runs, what is due of an active user's key comes back by the table alone.
fn nothing_is_lost(state: &State) -> bool {
    let table = &state.table;
    let Some(key) = table.key().filter(|_| !table.user().is_suspended) else { return true };
    let Some(due) = key.due_stage(state.now) else { return true };
    is_told(state, key.expires_at, due)
        || key.due_at.is_some_and(|due_at| due_at <= state.now)
        || table.due_at(Place::Rearming).is_some()
        || is_in_mail(table, Announcement { expires_at: key.expires_at, stage: due })
}

fn is_in_mail(table: &Items, notice: Announcement) -> bool {
    table.mails().any(|(id, mail)| {
        let announces = |one: &Announcement| one.expires_at == notice.expires_at && one.stage <= notice.stage;
        let is_ours = table.claim(notice.expires_at).is_none_or(|claim| claim.told_by == id);
        !mail.is_marked && mail.due_at.is_some() && is_ours && mail.announcements.iter().any(announces)
    })
}
