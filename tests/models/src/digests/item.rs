//! The items of the digests model.

use std::collections::BTreeSet;

use crate::table::Table;

/// The key of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// An access key.
    Key(u8),
    /// A mail to a reader. Its id is [`EARLIER`](super::state::EARLIER) or the number of the run that made it.
    Mail(u8, u8),
    /// A reader's claim of a line.
    Claim(u8, Line),
}

/// An item.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Item {
    /// An access key.
    Key(AccessKey),
    /// A mail.
    Mail(Mail),
    /// A claim, with the id of the mail that tells it.
    Claim(u8),
}

/// An access key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AccessKey {
    /// When it expires: how often it was extended.
    pub expires_at: u8,
    /// Whether it is revoked.
    pub is_revoked: bool,
    /// The expiry whose notice is due next.
    pub due: Option<u8>,
}

impl AccessKey {
    /// A key with a notice that is due.
    pub const DUE: Self = Self { expires_at: 0, is_revoked: false, due: Some(0) };

    /// Returns whether a notice is due now: an extended key has it later.
    pub fn is_due(self) -> bool {
        self.due == Some(0)
    }
}

/// A line of a mail: a key, and when it expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Line {
    /// The key.
    pub key: u8,
    /// The announced expiry.
    pub expires_at: u8,
}

/// A mail.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Mail {
    /// The run that has its lease, or [`EARLIER`](super::state::EARLIER).
    pub lease: u8,
    /// Whether it is marked: sent, or given up.
    pub is_marked: bool,
    /// What it has claimed.
    pub lines: BTreeSet<Line>,
}

/// The table of this model.
pub type Items = Table<Place, Item>;

impl Items {
    /// Reads a key.
    pub fn key(&self, number: u8) -> Option<AccessKey> {
        key(self.get(Place::Key(number)))
    }

    /// Reads a mail.
    pub fn mail(&self, reader: u8, id: u8) -> Option<&Mail> {
        mail(self.get(Place::Mail(reader, id)))
    }

    /// Reads which mail tells a reader of a line.
    pub fn told_by(&self, reader: u8, line: Line) -> Option<u8> {
        if let Some(Item::Claim(id)) = self.get(Place::Claim(reader, line)) { Some(*id) } else { None }
    }

    /// Tells whether a line is true.
    pub fn is_true(&self, line: Line) -> bool {
        is_as_announced(self.key(line.key), line)
    }
}

/// Tells whether a key is as a line says.
pub fn is_as_announced(key: Option<AccessKey>, line: Line) -> bool {
    key.is_some_and(|key| key.expires_at == line.expires_at && !key.is_revoked)
}

/// Reads an item as a key.
pub fn key(item: Option<&Item>) -> Option<AccessKey> {
    if let Some(Item::Key(key)) = item { Some(*key) } else { None }
}

/// Reads an item as a mail.
pub fn mail(item: Option<&Item>) -> Option<&Mail> {
    if let Some(Item::Mail(mail)) = item { Some(mail) } else { None }
}
