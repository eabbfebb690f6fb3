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
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "UserKind"))]
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
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "UserStatus"))]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// May act.
    Active,
    /// The user and its keys are refused.
    Suspended,
    /// Deleted: refused, hidden, and being cleaned up.
    #[cfg_attr(feature = "openapi", schemars(skip))]
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
    /// The address that the issuer vouched for at a sign-in of this person. See [`User::proven_address`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proven_email: Option<Email>,
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
            proven_email: None,
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

    /// Returns the person's address, if a sign-in with it has proven it since it was set.
    #[must_use]
    pub fn proven_address(&self) -> Option<&Email> {
        self.email.as_ref().filter(|email| self.proven_email.as_ref().is_some_and(|proven| proven.is(email)))
    }

    /// Tells whether mail may reach the user: a person by a proven address, a machine by any.
    ///
    /// Whether a machine's address may be mailed is decided when the mail is sent.
    #[must_use]
    pub fn has_mail_address(&self) -> bool {
        match self.kind {
            Kind::Machine => self.email.is_some(),
            Kind::Owner | Kind::Normal => self.proven_address().is_some(),
        }
    }

    /// Sets the address. Another address than before is unproven until a sign-in with it.
    ///
    /// A proof of the other address may be stored all the same: one that was recorded while the address changed.
    pub fn set_email(&mut self, email: Option<Email>) {
        let is_same = matches!((&self.email, &email), (Some(before), Some(after)) if before.is(after));
        self.email = email;
        if !is_same {
            self.proven_email = None;
        }
    }

    /// Returns those of the channels that may reach the user: machines read no inbox, and mail needs an
    /// address.
    #[must_use]
    pub fn reached_by(&self, channels: Channels) -> Channels {
        Channels {
            email: channels.email && self.has_mail_address(),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn email(text: &str) -> Email {
        text.to_owned().try_into().unwrap()
    }

    #[test]
    fn an_owner_is_active_by_status_and_entered_after_a_sign_in() {
        let user = |kind, status, subject: Option<&str>| {
            let (name, at) = ("ann".to_owned().try_into().unwrap(), Time::from_seconds(0));
            let user = User::new(OrganizationId::random(), kind, name, None, at);
            User { status, subject: subject.map(str::to_owned), ..user }
        };
        for (kind, status, is_active) in [
            (Kind::Owner, Status::Active, true),
            (Kind::Owner, Status::Suspended, false),
            (Kind::Owner, Status::Deleted, false),
            (Kind::Normal, Status::Active, false),
            (Kind::Machine, Status::Active, false),
        ] {
            let (invited, entered) = (user(kind, status, None), user(kind, status, Some("s")));
            assert_eq!((invited.is_active_owner(), invited.is_entered_owner()), (is_active, false));
            assert_eq!((entered.is_active_owner(), entered.is_entered_owner()), (is_active, is_active));
        }
    }

    #[test]
    fn an_address_that_was_changed_is_unproven_also_after_it_is_changed_back() {
        let (name, at) = ("ann".to_owned().try_into().unwrap(), Time::from_seconds(0));
        let mut ann =
            User::new(OrganizationId::random(), Kind::Normal, name, Some(email("ann@example.com")), at);
        assert!(!ann.has_mail_address(), "an invited address that never signed in");
        ann.proven_email = Some(email("ann@example.com"));
        assert!(ann.has_mail_address());
        ann.set_email(Some(email("Ann@Example.com")));
        assert!(ann.has_mail_address(), "case does not count");
        for address in ["bob@example.com", "ann@example.com"] {
            ann.set_email(Some(email(address)));
            assert!(ann.proven_address().is_none() && !ann.has_mail_address(), "{address}");
        }
    }

    #[test]
    fn a_proof_that_was_recorded_while_the_address_changed_proves_nothing_when_it_is_set_again() {
        let (name, at) = ("ann".to_owned().try_into().unwrap(), Time::from_seconds(0));
        let mut ann =
            User::new(OrganizationId::random(), Kind::Normal, name, Some(email("bob@example.com")), at);
        ann.proven_email = Some(email("ann@example.com"));
        ann.set_email(Some(email("ann@example.com")));
        assert!(ann.proven_address().is_none());
    }

    #[test]
    fn a_machine_needs_no_proof_before_its_mail_is_sent() {
        let (name, at) = ("ci".to_owned().try_into().unwrap(), Time::from_seconds(0));
        let ci = User::new(OrganizationId::random(), Kind::Machine, name, Some(email("ci@example.com")), at);
        assert!(ci.has_mail_address() && ci.proven_address().is_none());
    }
}
