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
    token::{KeyPrefix, SecretToken},
};

pub use self::rotation::{MAX_RETIRED_SECRETS, PreviousSecret, RotatedWith};

/// The state of a key at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "AccessKeyStatus"))]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Works.
    Active,
    /// Switched off; can be switched on again.
    Inactive,
    /// Its expiry has passed.
    Expired,
    /// Ended for ever.
    Revoked,
}

impl Status {
    /// Tells whether the key works, or would if it were switched on. Only such a key counts against the quota.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Active | Self::Inactive)
    }
}

/// Tells whether a change of expiry lets a key work for longer; `None` means for ever.
#[must_use]
pub fn ends_later(before: Option<Time>, after: Option<Time>) -> bool {
    before.is_some_and(|before| after.is_none_or(|after| after > before))
}

/// What is stored of a key. It holds verifiers, so it never leaves the process.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccessKey {
    /// The key id. It contains the user id, so a key cannot change its user.
    pub key_id: KeyId,
    /// The organization it belongs to.
    pub organization_id: OrganizationId,
    /// A label.
    pub name: Name,
    /// A free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
    /// The first second at which it is refused; `None` if it never expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Time>,
    /// When its expiry was last set. Stages due before then are skipped.
    pub expiry_set_at: Time,
    /// When it was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Time>,
    /// The roles that narrow it; `None` until some were set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<Label>>,
    /// The groups that narrow it; `None` until some were set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<Label>>,
    /// The networks from which it may be used; `None` means any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_cidrs: Option<Vec<Cidr>>,
    /// The user who switched it off, while it is off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deactivated_by: Option<UserId>,
    /// The current secret.
    pub secret: StoredSecret,
    /// The previous secret, kept for the overlap.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<PreviousSecret>,
    /// Retired secrets, the latest last: at most [`MAX_RETIRED_SECRETS`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retired: Vec<RetiredSecret>,
    /// When a notification about the use of a retired secret was last made.
    #[serde(rename = "reuse_told_at", skip_serializing_if = "Option::is_none")]
    pub reuse_notified_at: Option<Time>,
    /// When a notification about the report of a retired secret was last made.
    #[serde(rename = "report_told_at", skip_serializing_if = "Option::is_none")]
    pub report_notified_at: Option<Time>,
    /// When it was last rotated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotated_at: Option<Time>,
    /// The last four characters of the token, by which people recognize the key.
    pub last_four: String,
    /// When it was created.
    pub created_at: Time,
    /// The user who created it.
    pub created_by: UserId,
    /// When it was last changed. Use and notices do not count as changes.
    pub updated_at: Time,
    /// The user who last changed it.
    pub updated_by: UserId,
    /// When it was last used, up to ten minutes late.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Time>,
    /// The number of its changes, from 1.
    pub version: u64,
}

/// What restricts a key, or one that is to be made.
#[derive(Debug, Clone, Copy)]
pub struct Restrictions<'a> {
    /// Its roles.
    pub roles: Option<&'a [Label]>,
    /// Its groups.
    pub groups: Option<&'a [Label]>,
    /// Its networks.
    pub allowed_cidrs: Option<&'a [Cidr]>,
}

impl Restrictions<'_> {
    /// Tells whether the key may do less than its user.
    #[must_use]
    pub const fn is_narrowed(&self) -> bool {
        self.roles.is_some() || self.groups.is_some()
    }

    /// Tells whether these roles and groups may grant something that those of `other` do not.
    #[must_use]
    pub fn grants_beyond(&self, other: &Self) -> bool {
        let beyond = |names: Option<&[Label]>, others: Option<&[Label]>| {
            names.unwrap_or_default().iter().any(|name| !others.unwrap_or_default().contains(name))
        };
        other.is_narrowed()
            && (!self.is_narrowed() || beyond(self.roles, other.roles) || beyond(self.groups, other.groups))
    }
}

impl AccessKey {
    /// Makes an active key with the secret of `token`.
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
            reuse_notified_at: None,
            report_notified_at: None,
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

    /// Returns the state at `now`. A final state wins over one that can be undone.
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

    /// Writes the key so that people recognize it and nobody can use it.
    #[must_use]
    pub fn masked_key(&self, prefix: &KeyPrefix) -> String {
        format!("{}_…{}", prefix.access_key(self.key_id), self.last_four)
    }

    /// Tells whether the key may be used from an address. An unknown address is in no network.
    #[must_use]
    pub fn may_be_used_from(&self, address: Option<IpAddr>) -> bool {
        self.allowed_cidrs.as_ref().is_none_or(|networks| {
            address.is_some_and(|address| networks.iter().any(|one| one.contains(address)))
        })
    }

    /// Switches the key off. Whoever does it in place of the key's user takes the switch from them.
    pub fn switch_off(&mut self, by: UserId) {
        let off_by_another = self.deactivated_by.is_some_and(|earlier| earlier != self.user_id());
        if !off_by_another {
            self.deactivated_by = Some(by);
        }
    }

    /// Tells whether the key may do less than its user.
    #[must_use]
    pub fn is_narrowed(&self) -> bool {
        self.restrictions().is_narrowed()
    }

    /// Returns what restricts the key.
    #[must_use]
    pub fn restrictions(&self) -> Restrictions<'_> {
        Restrictions {
            roles: self.roles.as_deref(),
            groups: self.groups.as_deref(),
            allowed_cidrs: self.allowed_cidrs.as_deref(),
        }
    }

    /// Returns the key's user.
    #[must_use]
    pub fn user_id(&self) -> UserId {
        self.key_id.user_id()
    }
}

#[cfg(test)]
mod tests;
