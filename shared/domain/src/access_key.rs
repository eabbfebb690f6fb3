//! Access keys: what is stored of one, and the state it is in.

mod rotation;

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{
    Time,
    cidr::Cidr,
    id::{KeyId, OrganizationId, UserId},
    role::Label,
    secret::{RetiredSecret, StoredSecret},
    text::{Description, Name},
    token::SecretToken,
};

pub use self::rotation::{RotatedWith, PreviousSecret, RETIRED};

/// The state of a key at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Works.
    Active,
    /// Switched off; can be switched on again.
    Inactive,
    /// Its time is over.
    Expired,
    /// Ended for ever.
    Revoked,
}

/// What is stored of a key. It holds verifiers, so it never leaves the process.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccessKey {
    /// Names the key, and its user for ever.
    pub key_id: KeyId,
    /// The organization it belongs to.
    pub organization_id: OrganizationId,
    /// A label.
    pub name: Name,
    /// A remark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
    /// From this second on it is refused; `None` never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Time>,
    /// When its expiry was set last: notices due before then are not sent.
    pub expiry_set_at: Time,
    /// When it was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Time>,
    /// The roles it is narrowed to; `None` until it was given any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<Label>>,
    /// The groups it is narrowed to; `None` until it was given any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<Label>>,
    /// The networks it may be used from; `None` is any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_cidrs: Option<Vec<Cidr>>,
    /// Who switched it off, while it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deactivated_by: Option<UserId>,
    /// The secret that works now.
    pub secret: StoredSecret,
    /// The secret before the last rotation that let it work on for a while.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<PreviousSecret>,
    /// Secrets that work no more, the latest last: at most [`RETIRED`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retired: Vec<RetiredSecret>,
    /// When the use of a retired secret was last told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reuse_told_at: Option<Time>,
    /// When it last got a new secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotated_at: Option<Time>,
    /// The last four characters of the token, which people recognize.
    pub last_four: String,
    /// When it was made.
    pub created_at: Time,
    /// Who made it.
    pub created_by: UserId,
    /// When it was changed last; use and notices are no changes.
    pub updated_at: Time,
    /// Who changed it last.
    pub updated_by: UserId,
    /// When it was used last, at most ten minutes behind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Time>,
    /// Counts its changes, from 1.
    pub version: u64,
}

impl AccessKey {
    /// Makes an active key, whose secret was sealed from `token`.
    #[must_use]
    pub fn new(
        token: &SecretToken,
        secret: StoredSecret,
        organization_id: OrganizationId,
        name: Name,
        expires_at: Option<Time>,
        by: UserId,
        now: Time,
    ) -> Self {
        Self {
            key_id: token.token().key_id(),
            organization_id,
            name,
            description: None,
            expires_at,
            expiry_set_at: now,
            revoked_at: None,
            roles: None,
            groups: None,
            allowed_cidrs: None,
            deactivated_by: None,
            secret,
            previous: None,
            retired: Vec::new(),
            reuse_told_at: None,
            rotated_at: None,
            last_four: token.last_four().to_owned(),
            created_at: now,
            created_by: by,
            updated_at: now,
            updated_by: by,
            last_used_at: None,
            version: 1,
        }
    }

    /// Returns the state at `now`: what is final wins over what can be undone.
    #[must_use]
    pub fn status(&self, now: Time) -> Status {
        if self.revoked_at.is_some() {
            Status::Revoked
        } else if self.expires_at.is_some_and(|expiry| expiry <= now) {
            Status::Expired
        } else if self.deactivated_by.is_some() {
            Status::Inactive
        } else {
            Status::Active
        }
    }

    /// Tells whether the key may be used from an address; one that is not known is in no network.
    #[must_use]
    pub fn may_be_used_from(&self, address: Option<IpAddr>) -> bool {
        self.allowed_cidrs.as_ref().is_none_or(|networks| {
            address.is_some_and(|address| networks.iter().any(|one| one.contains(address)))
        })
    }

    /// Tells whether the key may do less than its user.
    #[must_use]
    pub const fn is_narrowed(&self) -> bool {
        self.roles.is_some() || self.groups.is_some()
    }

    /// Returns the key's user.
    #[must_use]
    pub fn user_id(&self) -> UserId {
        self.key_id.user_id()
    }
}
