//! Effects of changes: whether a change restricts or allows something, in one word.
//!
//! `infra/replay` repeats restricting changes after a restore by their effects. So an effect is never weaker than the change:
//! if a change has several effects, the most restrictive one counts.

use std::fmt::{self, Display};

use crate::{
    access_key::{AccessKey, ends_later},
    cidr,
    organization::{self, Organization},
    permission::first_not_covered,
    role::{Group, Label, Role},
    user::{self, Kind, User},
};

/// The effect of a change, from the one that restricts most to the one that restricts least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// A key ended for ever.
    Revoked,
    /// The target is gone.
    Deleted,
    /// A user or organization is refused until the suspension is lifted.
    Suspended,
    /// A key is refused until it is switched on.
    SwitchedOff,
    /// A permission, a role, a network or something that a policy allowed is no longer allowed.
    Narrowed,
    /// A key ends earlier.
    Shortened,
    /// A key has a new secret. An earlier one ended, or ends with its overlap.
    Rotated,
    /// Something new is allowed, and everything that was allowed still is.
    Lifted,
    /// None of these.
    Other,
}

impl Effect {
    /// All effects, from the one that restricts most to the one that restricts least.
    pub const ALL: [Self; 9] = [
        Self::Revoked,
        Self::Deleted,
        Self::Suspended,
        Self::SwitchedOff,
        Self::Narrowed,
        Self::Shortened,
        Self::Rotated,
        Self::Lifted,
        Self::Other,
    ];

    /// Returns the text that is stored and published. Texts never change.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::Deleted => "deleted",
            Self::Suspended => "suspended",
            Self::SwitchedOff => "switched_off",
            Self::Narrowed => "narrowed",
            Self::Shortened => "shortened",
            Self::Rotated => "rotated",
            Self::Lifted => "lifted",
            Self::Other => "other",
        }
    }

    /// Reads a stored text; `None` if a newer version of this program wrote it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|effect| effect.as_str() == text)
    }

    /// Returns the effect of an update of a key. Rotation and revocation are other actions, with effects of their own.
    #[must_use]
    pub fn of_access_key(before: &AccessKey, after: &AccessKey) -> Self {
        let (old, new) = (before.restrictions(), after.restrictions());
        let holder_changed = before.deactivated_by != after.deactivated_by;
        strictest([
            (Self::SwitchedOff, holder_changed && after.deactivated_by.is_some()),
            (Self::Narrowed, old.grants_beyond(&new)),
            (Self::Narrowed, !cidr::within(old.allowed_cidrs, new.allowed_cidrs)),
            (Self::Shortened, ends_later(after.expires_at, before.expires_at)),
            (Self::Lifted, holder_changed && after.deactivated_by.is_none()),
            (Self::Lifted, new.grants_beyond(&old)),
            (Self::Lifted, !cidr::within(new.allowed_cidrs, old.allowed_cidrs)),
            (Self::Lifted, ends_later(before.expires_at, after.expires_at)),
        ])
    }

    /// Returns the effect of an update of a user.
    #[must_use]
    pub fn of_user(before: &User, after: &User) -> Self {
        use user::Status::{Active, Suspended};
        let owner = |user: &User| user.kind == Kind::Owner;
        strictest([
            (Self::Suspended, (before.status, after.status) == (Active, Suspended)),
            (Self::Narrowed, owner(before) && !owner(after)),
            (Self::Narrowed, names_beyond(&before.roles, &after.roles)),
            (Self::Narrowed, names_beyond(&before.groups, &after.groups)),
            (Self::Lifted, (before.status, after.status) == (Suspended, Active)),
            (Self::Lifted, !owner(before) && owner(after)),
            (Self::Lifted, names_beyond(&after.roles, &before.roles)),
            (Self::Lifted, names_beyond(&after.groups, &before.groups)),
        ])
    }

    /// Returns the effect of an update of an organization.
    #[must_use]
    pub fn of_organization(before: &Organization, after: &Organization) -> Self {
        use organization::Status::{Active, Suspended};
        strictest([
            (Self::Suspended, (before.status, after.status) == (Active, Suspended)),
            (Self::Narrowed, before.policy.allows_beyond(&after.policy)),
            (Self::Lifted, (before.status, after.status) == (Suspended, Active)),
            (Self::Lifted, after.policy.allows_beyond(&before.policy)),
        ])
    }

    /// Returns the effect of an update of a role.
    #[must_use]
    pub fn of_role(before: &Role, after: &Role) -> Self {
        let beyond =
            |one: &Role, other: &Role| first_not_covered(&other.permissions, &one.permissions).is_some();
        strictest([(Self::Narrowed, beyond(before, after)), (Self::Lifted, beyond(after, before))])
    }

    /// Returns the effect of an update of a group.
    #[must_use]
    pub fn of_group(before: &Group, after: &Group) -> Self {
        strictest([
            (Self::Narrowed, names_beyond(&before.roles, &after.roles)),
            (Self::Lifted, names_beyond(&after.roles, &before.roles)),
        ])
    }
}

impl Display for Effect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Returns the most restrictive effect whose condition holds, or [`Effect::Other`].
fn strictest<const N: usize>(effects: [(Effect, bool); N]) -> Effect {
    let held = effects.into_iter().filter(|(_, holds)| *holds).map(|(effect, _)| effect);
    held.min().unwrap_or(Effect::Other)
}

fn names_beyond(names: &[Label], others: &[Label]) -> bool {
    names.iter().any(|name| !others.contains(name))
}

#[cfg(test)]
mod tests;
