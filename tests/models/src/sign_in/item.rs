//! The items of the sign-in model.

use std::collections::BTreeSet;

pub use crate::status::Status;
use crate::table::Table;

/// The key of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// A user: 0 is the one that requests change, 1 another owner, 2 and later are those of the requests.
    User(u8),
    /// The claim on an address.
    Claim(Address),
    /// The link of a sign-in.
    Link(Subject),
    /// The organization.
    Organization,
    /// The audit events of a request.
    Events(u8),
}

/// An item.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Item {
    /// A user.
    User(User),
    /// A claim or link, with the user to whom it points.
    Pointer(u8),
    /// The organization.
    Organization(Owners),
    /// A number of audit events.
    Events(u8),
}

/// An address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Address {
    /// That of the first person, to which user 0 is invited.
    First,
    /// That of the second person.
    Second,
    /// That of the other owner.
    Third,
}

/// A sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// That of the first person.
    First,
    /// Another sign-in with the first person's address.
    FirstElsewhere,
    /// That of the second person.
    Second,
    /// That of the other owner.
    Third,
}

impl Subject {
    /// Returns the address that the issuer vouches for.
    pub const fn address(self) -> Address {
        match self {
            Self::First | Self::FirstElsewhere => Address::First,
            Self::Second => Address::Second,
            Self::Third => Address::Third,
        }
    }
}

/// A user. The default is what an update without a condition makes of a user that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct User {
    /// The number of its changes.
    pub version: u8,
    /// Whether it is an owner.
    pub is_owner: bool,
    /// Its status.
    pub status: Status,
    /// Its address.
    pub email: Option<Address>,
    /// The address that a sign-in has proven.
    pub proven: Option<Address>,
    /// Its sign-in.
    pub subject: Option<Subject>,
}

impl User {
    /// Returns its address if that is proven.
    pub fn proven_address(&self) -> Option<Address> {
        self.email.filter(|email| self.proven == Some(*email))
    }

    /// Returns its place among the owners: 0 none, 1 active, 2 active and signed in.
    pub fn place(&self) -> u8 {
        match (self.is_owner && self.status == Status::Active, self.subject) {
            (false, _) => 0,
            (true, None) => 1,
            (true, Some(_)) => 2,
        }
    }
}

/// The owners of the organization.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Owners {
    /// The active ones.
    pub active: BTreeSet<u8>,
    /// Among them those who have signed in.
    pub entered: BTreeSet<u8>,
}

/// The table of this model.
pub type Items = Table<Place, Item>;

impl Items {
    /// Reads a user.
    pub fn user(&self, id: u8) -> Option<&User> {
        user(self.get(Place::User(id)))
    }

    /// Reads whose a claim or link is.
    pub fn pointer(&self, place: Place) -> Option<u8> {
        pointer(self.get(place))
    }

    /// Reads the owners.
    pub fn owners(&self) -> Owners {
        match self.get(Place::Organization) {
            Some(Item::Organization(owners)) => owners.clone(),
            _ => Owners::default(),
        }
    }

    /// Counts the audit events of a request.
    pub fn events(&self, request: u8) -> u8 {
        match self.get(Place::Events(request)) {
            Some(Item::Events(count)) => *count,
            _ => 0,
        }
    }

    /// Lists the users that are not deleted.
    pub fn users(&self) -> impl Iterator<Item = (u8, &User)> {
        let users = self.0.iter().filter_map(|(place, item)| match (place, item) {
            (Place::User(id), Item::User(user)) => Some((*id, user)),
            _ => None,
        });
        users.filter(|(_, user)| user.status != Status::Deleted)
    }
}

/// Reads an item as a user.
pub fn user(item: Option<&Item>) -> Option<&User> {
    match item {
        Some(Item::User(user)) => Some(user),
        _ => None,
    }
}

/// Reads an item as a claim or link.
pub fn pointer(item: Option<&Item>) -> Option<u8> {
    match item {
        Some(Item::Pointer(user)) => Some(*user),
        _ => None,
    }
}
