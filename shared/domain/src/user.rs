//! Memberships: one person or machine in one organization.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::{
    Time,
    id::{KeySuffix, OrganizationId, UserId},
    notification_preferences::{Channels, NotificationPreferences},
    role::Label,
    text::{Email, Name},
};

/// The kind of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An organization owner: holds every permission of its organization.
    Owner,
    /// A person who manages their own keys.
    Normal,
    /// A machine: signs in with keys alone.
    Machine,
}

impl Kind {
    /// Returns the word that the API uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Normal => "normal",
            Self::Machine => "machine",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Whether a user may act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// May act.
    Active,
    /// The user and its keys are refused.
    Suspended,
    /// Deleted: refused, hidden, and being cleaned up.
    Deleted,
}

impl Status {
    /// Returns the word that is stored and that the API uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Deleted => "deleted",
        }
    }
}

/// One person or machine in one organization.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct User {
    /// The id.
    pub user_id: UserId,
    /// The organization it belongs to, for ever.
    pub organization_id: OrganizationId,
    /// Its kind.
    pub kind: Kind,
    /// A label.
    pub name: Name,
    /// The address for mails; a machine may have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// Hash of the linked sign-in's issuer and subject, after the first sign-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Whether it may act.
    pub status: Status,
    /// Its roles.
    pub roles: Vec<Label>,
    /// Its groups.
    pub groups: Vec<Label>,
    /// The channels that it wants for each kind of message.
    pub notifications: NotificationPreferences,
    /// Each live key with its expiry; `None` never expires. The quota counts these.
    pub live_keys: BTreeMap<KeySuffix, Option<Time>>,
    /// When it was created.
    pub created_at: Time,
    /// The number of changes of the user and of `live_keys`, from 1.
    pub version: u64,
}

impl User {
    /// Makes an active user without roles, groups, keys or a sign-in.
    #[must_use]
    pub fn new(
        organization_id: OrganizationId,
        kind: Kind,
        name: Name,
        email: Option<Email>,
        now: Time,
    ) -> Self {
        Self {
            user_id: UserId::random(),
            organization_id,
            kind,
            name,
            email,
            subject: None,
            status: Status::Active,
            roles: Vec::new(),
            groups: Vec::new(),
            notifications: NotificationPreferences::default(),
            live_keys: BTreeMap::new(),
            created_at: now,
            version: 1,
        }
    }

    /// Returns those of the channels that reach the user: machines read no inbox, and mail needs an address.
    #[must_use]
    pub fn reached_by(&self, channels: Channels) -> Channels {
        Channels {
            email: channels.email && self.email.is_some(),
            inbox: channels.inbox && self.kind != Kind::Machine,
        }
    }

    /// Tells whether the organization counts on this user as an owner.
    #[must_use]
    pub const fn is_active_owner(&self) -> bool {
        matches!((self.kind, self.status), (Kind::Owner, Status::Active))
    }

    /// Tells whether the user is an active owner who has signed in: one who can really act.
    #[must_use]
    pub const fn is_entered_owner(&self) -> bool {
        self.is_active_owner() && self.subject.is_some()
    }
}
