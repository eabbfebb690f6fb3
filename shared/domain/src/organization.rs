//! Organizations: tenants.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    Error, Time,
    id::{OrganizationId, UserId},
    policy::Policy,
    text::Name,
    user::User,
};

/// Seconds for which an organization must be suspended before it can be deleted.
const SUSPENSION_BEFORE_DELETION: i64 = 7 * 86_400;

/// Whether an organization is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "OrganizationStatus"))]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// In use.
    Active,
    /// All its keys and people are refused, except owners who read the organization, lift the suspension or
    /// delete it, and people who leave.
    Suspended,
    /// Deleted: refused, hidden, and being cleaned up.
    #[cfg_attr(feature = "openapi", schemars(skip))]
    Deleted,
}

impl Status {
    /// Returns the word that the API uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Deleted => "deleted",
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
    /// When it was suspended; `None` while it is active.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suspended_at: Option<Time>,
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

impl Organization {
    /// Makes the organization of its first owner, who has signed in.
    #[must_use]
    pub fn new(name: Name, policy: Policy, owner: &User, now: Time) -> Self {
        Self {
            organization_id: owner.organization_id,
            name,
            status: Status::Active,
            suspended_at: None,
            policy,
            owner_ids: BTreeSet::from([owner.user_id]),
            entered_owner_ids: BTreeSet::from([owner.user_id]),
            created_at: now,
            version: 1,
        }
    }

    /// Suspends it at `now`, or lifts the suspension. A suspension that lasts keeps its begin.
    pub fn set_suspended(&mut self, suspended: bool, now: Time) {
        self.status = if suspended { Status::Suspended } else { Status::Active };
        self.suspended_at = suspended.then(|| self.suspended_at.unwrap_or(now));
    }

    /// Checks that `owner` may delete it at `now`: as its only active owner who has signed in, and after it was
    /// suspended for 7 days.
    pub fn check_deletion(&self, owner: UserId, now: Time) -> Result<(), Error> {
        if !self.entered_owner_ids.iter().eq([&owner]) {
            return Err(Error::Conflict(
                "other owners have signed in to this organization; each of them leaves or steps down first",
            ));
        }
        let long_enough = self.suspended_at.is_some_and(|at| now.since(at) >= SUSPENSION_BEFORE_DELETION);
        if self.status != Status::Suspended || !long_enough {
            return Err(Error::Conflict("suspend this organization, and delete it 7 days later"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{policy::Preset, user::Kind};

    #[test]
    fn the_only_owner_who_has_signed_in_deletes_it_after_seven_days_of_suspension() {
        let (name, now): (Name, _) = ("Acme".to_owned().try_into().unwrap(), Time::from_seconds(0));
        let owner = User::new(OrganizationId::random(), Kind::Owner, name.clone(), None, now);
        let mut organization = Organization::new(name, Policy::preset(Preset::Strict), &owner, now);
        let may = |organization: &Organization, owner, seconds| {
            organization.check_deletion(owner, Time::from_seconds(seconds)).is_ok()
        };
        assert!(!may(&organization, owner.user_id, SUSPENSION_BEFORE_DELETION), "it is active");
        organization.set_suspended(true, now);
        assert!(!may(&organization, owner.user_id, SUSPENSION_BEFORE_DELETION - 1));
        assert!(may(&organization, owner.user_id, SUSPENSION_BEFORE_DELETION));
        let other = UserId::random();
        assert!(!may(&organization, other, SUSPENSION_BEFORE_DELETION));
        organization.entered_owner_ids.insert(other);
        assert!(!may(&organization, owner.user_id, SUSPENSION_BEFORE_DELETION));
        organization.entered_owner_ids.remove(&other);
        organization.status = Status::Deleted;
        assert!(!may(&organization, owner.user_id, SUSPENSION_BEFORE_DELETION));
    }
}
