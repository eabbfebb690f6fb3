//! The state of the notices model: runs, changes, and what was told.

use std::collections::BTreeMap;

use super::{
    item::{AccessKey, Announcement, Items, Mail, Place, Rearming, User},
    promises::Broken,
};

/// A state of the model.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    /// The table.
    pub table: Items,
    /// The `due` index: what it shows of the items.
    pub index: BTreeMap<Place, u8>,
    /// The clock.
    pub now: u8,
    /// The runs.
    pub runs: Vec<Run>,
    /// The changes that are not over.
    pub changes: Vec<Change>,
    /// Faults that may still happen.
    pub faults: u8,
    /// How often each notice was told.
    pub told: BTreeMap<Announcement, u8>,
    /// How often a notice may be told once more: a mark was lost after SES accepted a mail.
    pub excused: u8,
    /// The promise that is broken.
    pub broken: Option<Broken>,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Progress {
    /// It reads the index.
    #[default]
    Finding,
    /// It reads the re-arming.
    ReadingRearming,
    /// It holds the re-arming, because its user is suspended again.
    HoldingRearming,
    /// It releases what is held.
    Releasing,
    /// It reads the key that is re-armed.
    ReadingKeyToRearm,
    /// It re-arms the key.
    Rearming,
    /// It reads the due key.
    ReadingKey,
    /// It reads the due mail.
    ReadingMail,
    /// It holds the mail.
    HoldingMail,
    /// It takes over the mail.
    TakingOver,
    /// It reads what is still true of the mail.
    ReadingLines,
    /// It claims the stage that came while its mail waited.
    ClaimingPassed,
    /// It claims its notice.
    Claiming,
    /// It sends its mail.
    Sending,
    /// It marks its mail.
    Marking,
    /// It moves the key to its next notice.
    Advancing,
    /// It is over.
    Done,
}

/// A key's step to its next notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Advance {
    /// The expiry that was read.
    pub expires_at: u8,
    /// When the key was due according to the index.
    pub seen: u8,
    /// When it is due next.
    pub next: Option<u8>,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Run {
    /// How far it is.
    pub progress: Progress,
    /// Its time.
    pub now: u8,
    /// Whether it has looked for re-armings.
    pub has_rearmed: bool,
    /// Since when the key is due, as the index said.
    pub key_due: Option<u8>,
    /// The due mail, as the index said.
    pub mail_due: Option<u8>,
    /// The user as it was read.
    pub user: Option<User>,
    /// The key to re-arm, as it was read.
    pub key: Option<AccessKey>,
    /// The re-arming as it was read.
    pub rearming: Option<Rearming>,
    /// The notice of the due key.
    pub notice: Option<Announcement>,
    /// The advance that the notice's claim allows.
    pub open_advance: Option<Advance>,
    /// The advance to write.
    pub advance: Option<Advance>,
    /// Its mail.
    pub mail: Option<(u8, Mail)>,
    /// The stage of the mail's key that came while it waited.
    pub passed: Option<Announcement>,
    /// What the mail tells.
    pub lines: Vec<Announcement>,
}

/// What a change does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    /// Extends the key by one tick.
    Extend,
    /// Revokes the key.
    Revoke,
    /// Deletes the key.
    Delete,
    /// Suspends the user.
    Suspend,
    /// Lifts the suspension.
    Lift,
}

/// A change of a key or of the user that is not over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Change {
    /// What it does.
    pub operation: Operation,
    /// Its time, once it has begun.
    pub now: Option<u8>,
}
