//! The state of the digests model: runs, changes, and what was told.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    KEYS, READERS,
    action::Operation,
    item::{Items, Line, Mail},
    promises::Broken,
};

/// The mail of an earlier run, and that run's lease, which has ended.
pub const EARLIER: u8 = 9;

/// A state of the model.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    /// The table.
    pub table: Items,
    /// The runs.
    pub runs: Vec<Run>,
    /// The changes that are to come.
    pub changes: Vec<Operation>,
    /// Faults that may still happen.
    pub faults: u8,
    /// How often each reader was told each line.
    pub told: BTreeMap<(u8, Line), u8>,
    /// How often a line may be told once more: a mark was lost after SES accepted a mail.
    pub excused: u8,
    /// The promise that is broken.
    pub broken: Option<Broken>,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Progress {
    /// It has not begun.
    #[default]
    Finding,
    /// It reads the keys that it has found, in any order.
    ReadingKeys,
    /// It reads the mails that are due.
    ReadingMails,
    /// It works on its digests.
    Sending,
    /// It is over.
    Done,
}

/// How far the digest of a reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum DigestProgress {
    /// It takes over the mail of an earlier run.
    TakingOver,
    /// It reads what is still true of that mail.
    ReadingLines,
    /// It claims its lines.
    Claiming,
    /// It sends its mail.
    Sending,
    /// It marks its mail.
    Marking,
    /// It is over.
    #[default]
    Done,
}

/// The digest of a reader.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Digest {
    /// How far it is.
    pub progress: DigestProgress,
    /// The mail of an earlier run, as it was read.
    pub unfinished: Option<(u8, Mail)>,
    /// The lines to claim.
    pub wanted: BTreeSet<Line>,
    /// The keys whose claims are settled. They are recorded when the whole claim returns.
    pub settled: BTreeSet<u8>,
    /// The lines of the mail.
    pub lines: BTreeSet<Line>,
    /// Whether somebody was told.
    pub is_sent: bool,
}

/// A key that is due, as a run has read it. It is forgotten once the key has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DueKey {
    /// Its line.
    pub line: Line,
    /// How many readers' claims are to be made.
    pub open: u8,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Run {
    /// How far it is.
    pub progress: Progress,
    /// The due keys that it has not read, according to the index.
    pub found: BTreeSet<u8>,
    /// The due keys, as they were read.
    pub keys: BTreeMap<u8, DueKey>,
    /// The digests, by their readers.
    pub digests: [Digest; READERS.len()],
}

impl Run {
    /// Returns the digest of a reader.
    pub fn digest(&mut self, reader: u8) -> &mut Digest {
        &mut self.digests[usize::from(reader)]
    }

    /// Returns the keys that move on, as the claims of all their readers are made.
    pub fn advancing(&self) -> impl Iterator<Item = u8> {
        KEYS.into_iter().filter(|number| self.keys.get(number).is_some_and(|key| key.open == 0))
    }

    /// Returns whether its leases have ended.
    pub fn is_over(&self) -> bool {
        self.progress == Progress::Done
    }

    /// Forgets what is over.
    pub fn forget(&mut self) {
        if self.progress == Progress::Sending {
            let is_waiting = self.digests.iter().any(|digest| digest.progress != DigestProgress::Done);
            if !is_waiting && self.advancing().next().is_none() {
                self.progress = Progress::Done;
            }
        }
        if self.progress == Progress::Done {
            *self = Self { progress: Progress::Done, ..Self::default() };
        }
    }
}

impl Digest {
    /// Ends it.
    pub fn end(&mut self) {
        *self = Self::default();
    }
}
