//! Limits on what an organization stores for decisions, so that no tenant makes them dear for others.
//!
//! Data beyond a limit, from before the limit or from another writer, still counts and is read. A change
//! never adds to it: it can only shrink.

use std::collections::BTreeSet;

use crate::{
    Error,
    role::{Catalog, Label, Role},
};

/// The most active owners of an organization.
pub const MAX_OWNERS: u64 = 100;

/// The most organizations that one person owns.
pub const MAX_OWNED: u64 = 20;

/// The most roles, and the most groups, of an organization.
const MAX_PER_ORGANIZATION: usize = 100;

/// The most bytes of all permissions of an organization, each counted in every role that has it.
pub const MAX_PERMISSION_BYTES: usize = 48 * 1024;

/// The most permissions of a role.
pub const MAX_PERMISSIONS: usize = 100;

/// The most roles of a group, of a user and of a key, and the most groups of a user and of a key.
pub const MAX_NAMES: usize = 20;

/// What an organization stores of roles and groups.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// The number of its roles.
    pub roles: usize,
    /// The number of its groups.
    pub groups: usize,
    /// The bytes of its permissions, each counted in every role that has it.
    pub permission_bytes: usize,
}

impl Usage {
    /// Measures a catalog.
    #[must_use]
    pub fn of(catalog: &Catalog) -> Self {
        let bytes = |role: &Role| role.permissions.iter().map(|one| one.as_str().len()).sum::<usize>();
        Self {
            roles: catalog.roles.len(),
            groups: catalog.groups.len(),
            permission_bytes: catalog.roles.values().map(bytes).sum(),
        }
    }

    /// Checks that a change from this usage to `after` stays within the limits of an organization.
    pub fn check_growth(self, after: Self) -> Result<(), Error> {
        let check = |field: &str, (before, after): (usize, usize), max: usize, what: &str| {
            if after > max && after > before {
                return Err(Error::invalid(field, format!("an organization has at most {max} {what}")));
            }
            Ok(())
        };
        check("role", (self.roles, after.roles), MAX_PER_ORGANIZATION, "roles")?;
        check("group", (self.groups, after.groups), MAX_PER_ORGANIZATION, "groups")?;
        let bytes = (self.permission_bytes, after.permission_bytes);
        check("permissions", bytes, MAX_PERMISSION_BYTES, "bytes of permissions in all its roles")
    }
}

/// Checks a list of at most `max` different values. One that is longer already may only lose values.
pub fn check_list<T: Ord>(field: &str, before: &[T], after: &[T], max: usize) -> Result<(), Error> {
    let different = BTreeSet::from_iter(after);
    if different.len() > max && !different.is_subset(&BTreeSet::from_iter(before)) {
        return Err(Error::invalid(field, format!("must be {max} at most")));
    }
    Ok(())
}

/// Checks the roles and groups of a user or key: each at most [`MAX_NAMES`].
///
/// A pair is roles and groups; `before` is empty for a new user or key.
pub fn check_names(before: (&[Label], &[Label]), after: (&[Label], &[Label])) -> Result<(), Error> {
    check_list("roles", before.0, after.0, MAX_NAMES)?;
    check_list("groups", before.1, after.1, MAX_NAMES)
}

/// Returns the refusal of one more active owner.
#[must_use]
pub fn too_many_owners() -> Error {
    Error::invalid("kind", format!("an organization has at most {MAX_OWNERS} active owners"))
}

/// Returns the refusal of one organization too many for a person.
#[must_use]
pub fn owns_too_many() -> Error {
    let rule = format!("a person owns at most {MAX_OWNED}; this person leaves or deletes one first");
    Error::invalid("organizations", rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_and_groups_have_a_limit_each() {
        let labels = |count| -> Vec<Label> {
            (0..count).map(|number| format!("r{number}").try_into().unwrap()).collect()
        };
        let (most, more) = (labels(MAX_NAMES), labels(MAX_NAMES + 1));
        assert!(check_names((&[], &[]), (&most, &most)).is_ok());
        for (roles, groups) in [(&more, &most), (&most, &more)] {
            assert!(check_names((&[], &[]), (roles, groups)).is_err());
        }
    }

    #[test]
    fn what_is_beyond_a_limit_can_only_shrink() {
        for (before, after, allowed) in [
            (0..0, 0..3, true),
            (0..0, 0..4, false),
            (0..5, 0..5, true),
            (0..5, 1..5, true),
            (0..5, 1..6, false),
        ] {
            let (before, after): (Vec<_>, Vec<_>) = (before.collect(), after.collect());
            assert_eq!(check_list("f", &before, &after, 3).is_ok(), allowed, "{before:?} {after:?}");
        }
        let usage = |roles, groups, permission_bytes| Usage { roles, groups, permission_bytes };
        for (before, after, allowed) in [
            (usage(99, 0, 0), usage(100, 100, MAX_PERMISSION_BYTES), true),
            (usage(100, 0, 0), usage(101, 0, 0), false),
            (usage(0, 100, 0), usage(0, 101, 0), false),
            (usage(0, 0, 0), usage(0, 0, MAX_PERMISSION_BYTES + 1), false),
            (usage(200, 200, 60_000), usage(200, 199, 60_000), true),
            (usage(200, 200, 60_000), usage(200, 200, 60_001), false),
        ] {
            assert_eq!(before.check_growth(after).is_ok(), allowed, "{before:?} {after:?}");
        }
    }
}
