//! The items of the quota model.

use std::collections::BTreeMap;

pub use crate::status::Status;
use crate::table::Table;

/// The key of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// The user.
    User,
    /// A key: 0 and 1 exist from the start, 2 and later are those of the requests.
    Key(u8),
    /// The idempotency record.
    Record,
    /// The audit events of a request.
    Events(u8),
}

/// An item.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Item {
    /// The user.
    User(User),
    /// A key.
    Key(AccessKey),
    /// The idempotency record, with the time of its request.
    Record(u8),
    /// A number of audit events.
    Events(u8),
}

/// The kind of a user. Its quota differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Kind {
    /// An owner. Its quota is that of the policy.
    Owner,
    /// A normal user. Its quota is 1.
    #[default]
    Normal,
}

impl Kind {
    /// Returns the quota of this kind under a policy.
    pub const fn quota(self, policy: u8) -> u8 {
        match self {
            Self::Owner => policy,
            Self::Normal => 1,
        }
    }
}

/// A user. The default is what an update without a condition makes of a user that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct User {
    /// The number of its changes.
    pub version: u8,
    /// Its status.
    pub status: Status,
    /// Its kind.
    pub kind: Kind,
    /// Its live keys, each with its expiry.
    pub live_keys: BTreeMap<u8, u8>,
}

impl User {
    /// Returns the entries that have expired at `now`.
    pub fn expired(&self, now: u8) -> Vec<u8> {
        self.live_keys.iter().filter(|(_, expiry)| **expiry <= now).map(|(key, _)| *key).collect()
    }
}

/// A key. The default is what an update without a condition makes of a key that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct AccessKey {
    /// The number of its changes.
    pub version: u8,
    /// The first time at which it is not live.
    pub expires_at: u8,
    /// When it was revoked.
    pub revoked_at: Option<u8>,
}

/// The table of this model.
pub type Items = Table<Place, Item>;

impl Items {
    /// Reads the user.
    pub fn user(&self) -> Option<&User> {
        user(self.get(Place::User))
    }

    /// Reads a key.
    pub fn key(&self, id: u8) -> Option<&AccessKey> {
        key(self.get(Place::Key(id)))
    }

    /// Reads the time of the idempotency record.
    pub fn record(&self) -> Option<u8> {
        record(self.get(Place::Record))
    }

    /// Counts the audit events of a request.
    pub fn events(&self, request: u8) -> u8 {
        match self.get(Place::Events(request)) {
            Some(Item::Events(count)) => *count,
            _ => 0,
        }
    }

    /// Lists all keys.
    pub fn keys(&self) -> impl Iterator<Item = (u8, &AccessKey)> {
        self.0.iter().filter_map(|(place, item)| match (place, item) {
            (Place::Key(id), Item::Key(key)) => Some((*id, key)),
            _ => None,
        })
    }
}

/// Reads an item as the user.
pub fn user(item: Option<&Item>) -> Option<&User> {
    match item {
        Some(Item::User(user)) => Some(user),
        _ => None,
    }
}

/// Reads an item as a key.
pub fn key(item: Option<&Item>) -> Option<&AccessKey> {
    match item {
        Some(Item::Key(key)) => Some(key),
        _ => None,
    }
}

/// Reads an item as the idempotency record.
pub fn record(item: Option<&Item>) -> Option<u8> {
    match item {
        Some(Item::Record(at)) => Some(*at),
        _ => None,
    }
}
