//! Organizations: tenants.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    Time,
    id::{OrganizationId, UserId},
    policy::Policy,
    text::Name,
};

/// Whether an organization is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// In use.
    Active,
    /// All its keys and people are refused, except owners who read the organization or lift the suspension.
    Suspended,
}

impl Status {
    /// Returns the word that the API uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }
}

/// A tenant. Nothing crosses its border.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Organization {
    /// The id.
    pub organization_id: OrganizationId,
    /// A label.
    pub name: Name,
    /// Whether it is in use.
    pub status: Status,
    /// Its rules.
    pub policy: Policy,
    /// Its active owners: never empty.
    pub owner_ids: BTreeSet<UserId>,
    /// Those of them who have signed in: never empty.
    pub entered_owner_ids: BTreeSet<UserId>,
    /// When it was created.
    pub created_at: Time,
    /// The number of its changes, from 1.
    pub version: u64,
}
