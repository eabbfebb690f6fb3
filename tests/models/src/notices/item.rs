//! The items of the notices model.

use crate::table::Table;

/// The key of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// The access key.
    Key,
    /// Its user, who reads the notices.
    User,
    /// A mail: 0 is that of an earlier run, the others are those of the runs.
    Mail(u8),
    /// The claim of a notice of this expiry.
    Claim(u8),
    /// The re-arming that a lifted suspension starts.
    Rearming,
}

/// An item.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Item {
    /// The access key.
    Key(AccessKey),
    /// The user.
    User(User),
    /// A mail.
    Mail(Mail),
    /// A claim.
    Claim(Claim),
    /// A re-arming.
    Rearming(Rearming),
}

/// The access key. The default is what an update without a condition makes of a key that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct AccessKey {
    /// The number of its changes.
    pub version: u8,
    /// When it expires.
    pub expires_at: u8,
    /// When its expiry was set.
    pub set_at: u8,
    /// Whether it is revoked.
    pub is_revoked: bool,
    /// When a notice is due next.
    pub due_at: Option<u8>,
}

/// The stages of the policy: one tick before expiry, and expiry.
const STAGES: [u8; 2] = [1, 0];

impl AccessKey {
    fn instants(self) -> impl Iterator<Item = (u8, u8)> {
        let stages = STAGES.into_iter().map(move |stage| (stage, self.expires_at.saturating_sub(stage)));
        stages.filter(move |(_, at)| !self.is_revoked && *at > self.set_at)
    }

    /// Returns the narrowest stage that is due, as `domain::notice::due_stage` does.
    pub fn due_stage(self, now: u8) -> Option<u8> {
        self.instants().filter(|(_, at)| *at <= now).map(|(stage, _)| stage).min()
    }

    /// Returns when the next stage is due, as `domain::notice::next_due` does.
    pub fn next_due(self, after: u8) -> Option<u8> {
        self.instants().map(|(_, at)| at).filter(|at| *at > after).min()
    }
}

/// The user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct User {
    /// The number of its changes.
    pub version: u8,
    /// Whether it is suspended.
    pub is_suspended: bool,
}

/// A notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Announcement {
    /// The announced expiry.
    pub expires_at: u8,
    /// The stage.
    pub stage: u8,
}

/// A mail.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Mail {
    /// Its lease.
    pub lease: u8,
    /// When the lease ends, by the clock.
    pub lease_ends_at: u8,
    /// Whether it is marked: sent, or given up.
    pub is_marked: bool,
    /// When it is due.
    pub due_at: Option<u8>,
    /// Whether it is held for a suspended reader.
    pub is_held: bool,
    /// What it announces.
    pub announcements: Vec<Announcement>,
}

/// The claim of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Claim {
    /// The stage.
    pub stage: u8,
    /// The mail that announces it.
    pub told_by: u8,
}

/// A re-arming.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Rearming {
    /// The version of the user that caused it.
    pub caused_by: u8,
    /// When it is due; `None` while it is held.
    pub due_at: Option<u8>,
}

/// The table of this model.
pub type Items = Table<Place, Item>;

impl Items {
    /// Reads the key.
    pub fn key(&self) -> Option<AccessKey> {
        key(self.get(Place::Key))
    }

    /// Reads the user.
    pub fn user(&self) -> User {
        user(self.get(Place::User))
    }

    /// Reads a mail.
    pub fn mail(&self, id: u8) -> Option<&Mail> {
        mail(self.get(Place::Mail(id)))
    }

    /// Lists the mails.
    pub fn mails(&self) -> impl Iterator<Item = (u8, &Mail)> {
        self.0.iter().filter_map(|(place, item)| match (place, item) {
            (Place::Mail(id), Item::Mail(mail)) => Some((*id, mail)),
            _ => None,
        })
    }

    /// Lists the mails, to change them.
    pub fn mails_mut(&mut self) -> impl Iterator<Item = &mut Mail> {
        self.0.values_mut().filter_map(|item| if let Item::Mail(mail) = item { Some(mail) } else { None })
    }

    /// Reads the claim of a notice.
    pub fn claim(&self, expires_at: u8) -> Option<Claim> {
        claim(self.get(Place::Claim(expires_at)))
    }

    /// Reads the re-arming.
    pub fn rearming(&self) -> Option<Rearming> {
        rearming(self.get(Place::Rearming))
    }

    /// Returns when an item is due.
    pub fn due_at(&self, place: Place) -> Option<u8> {
        match self.get(place)? {
            Item::Key(key) => key.due_at,
            Item::Mail(mail) => mail.due_at,
            Item::Rearming(rearming) => rearming.due_at,
            Item::User(_) | Item::Claim(_) => None,
        }
    }
}

/// Reads an item as the key.
pub fn key(item: Option<&Item>) -> Option<AccessKey> {
    if let Some(Item::Key(key)) = item { Some(*key) } else { None }
}

/// Reads an item as the user.
pub fn user(item: Option<&Item>) -> User {
    if let Some(Item::User(user)) = item { *user } else { User::default() }
}

/// Reads an item as a mail.
pub fn mail(item: Option<&Item>) -> Option<&Mail> {
    if let Some(Item::Mail(mail)) = item { Some(mail) } else { None }
}

/// Reads an item as a claim.
pub fn claim(item: Option<&Item>) -> Option<Claim> {
    if let Some(Item::Claim(claim)) = item { Some(*claim) } else { None }
}

/// Reads an item as the re-arming.
pub fn rearming(item: Option<&Item>) -> Option<Rearming> {
    if let Some(Item::Rearming(rearming)) = item { Some(*rearming) } else { None }
}
