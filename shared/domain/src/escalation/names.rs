//! Names of roles and groups in requests, which must give no more than the caller holds and tell no names.

use std::slice;

use crate::{
    Error,
    access::Actor,
    access_key::Restrictions,
    grant::{grants_of, of_user, permissions},
    permission::{Permission, covered},
    role::{Catalog, Label},
    user::User,
};

/// Roles and groups that a request names.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names<'a> {
    pub(super) roles: &'a [Label],
    pub(super) groups: &'a [Label],
}

impl<'a> Names<'a> {
    pub(super) fn of_user(user: &'a User) -> Self {
        Self { roles: &user.roles, groups: &user.groups }
    }

    pub(super) fn of_key(restrictions: Restrictions<'a>) -> Self {
        Self {
            roles: restrictions.roles.unwrap_or_default(),
            groups: restrictions.groups.unwrap_or_default(),
        }
    }

    /// Lists the names that `before` does not have: roles and groups.
    pub(super) fn not_in(self, before: Self) -> (Vec<Label>, Vec<Label>) {
        let new = |after: &[Label], before: &[Label]| {
            after.iter().filter(|name| !before.contains(name)).cloned().collect()
        };
        (new(self.roles, before.roles), new(self.groups, before.groups))
    }
}

impl Actor {
    /// Refuses names of what does not exist, and of what grants more than the caller holds.
    ///
    /// A caller who may not see roles gets the same answer for both, so that it tells no names. `own` is the
    /// caller's own user: it may name what it carries, and its permissions are those of `catalog`, which is
    /// newer than the authorizer's copy.
    pub(super) fn may_name(
        &self,
        named: Names<'_>,
        own: Option<&User>,
        catalog: &Catalog,
    ) -> Result<(), Error> {
        let held = own.map_or_else(|| self.permissions.clone(), |user| permissions(of_user(user, catalog)));
        let holder = Self { permissions: held, ..self.clone() };
        let sees_names = ["roles:read", "roles:write"].iter().any(|seen| covered(&holder.permissions, seen));
        let refused = |field: &str, name: &Label, noun: &str, exists: bool, granted: &[Permission]| {
            if !sees_names {
                return Error::invalid(field, format!("{name} is no {noun} that you may name"));
            }
            match holder.may_grant(granted) {
                Err(refusal) if exists => refusal,
                _ => Error::invalid(field, format!("{name} is no {noun} of this organization")),
            }
        };
        for name in named.roles {
            let exists = catalog.roles.contains_key(name);
            let granted = permissions(grants_of(slice::from_ref(name), &[], catalog));
            let carried = own.is_some_and(|user| carries_role(user, name, catalog));
            if !(exists && (carried || holder.holds_named(&granted, sees_names))) {
                return Err(refused("roles", name, "role", exists, &granted));
            }
        }
        for name in named.groups {
            let exists = catalog.groups.contains_key(name);
            let granted = permissions(grants_of(&[], slice::from_ref(name), catalog));
            let carried = own.is_some_and(|user| user.groups.contains(name));
            if !(exists && (carried || holder.holds_named(&granted, sees_names))) {
                return Err(refused("groups", name, "group", exists, &granted));
            }
        }
        Ok(())
    }

    /// Tells whether the caller holds what a role or group grants. One that grants nothing counts as held
    /// only for callers who see its name.
    fn holds_named(&self, granted: &[Permission], sees_names: bool) -> bool {
        (sees_names || !granted.is_empty()) && self.may_grant(granted).is_ok()
    }
}

fn carries_role(user: &User, role: &Label, catalog: &Catalog) -> bool {
    let groups = user.groups.iter().filter_map(|group| catalog.groups.get(group));
    user.roles.contains(role) || groups.into_iter().any(|group| group.roles.contains(role))
}
