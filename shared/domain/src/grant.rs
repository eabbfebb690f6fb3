//! Grants: the permissions of users and keys, each with its source.

use crate::{
    access_key::AccessKey,
    permission::{Permission, intersection, without_redundant},
    role::{Catalog, Label},
    user::{Kind, User},
};

/// Where a permission comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The user is an owner.
    Owner,
    /// A role.
    Role(Label),
    /// A role of a group.
    Group {
        /// The group.
        group: Label,
        /// The role.
        role: Label,
    },
}

/// A permission with its source.
pub type Grant = (Permission, Source);

/// Lists the grants of roles and groups. Names that are not in the catalog grant nothing.
#[must_use]
pub fn grants_of(roles: &[Label], groups: &[Label], catalog: &Catalog) -> Vec<Grant> {
    let direct = roles.iter().map(|role| (role, Source::Role(role.clone())));
    let through = groups.iter().filter_map(|group| catalog.groups.get(group)).flat_map(|group| {
        let source = |role: &Label| Source::Group { group: group.name.clone(), role: role.clone() };
        group.roles.iter().map(move |role| (role, source(role)))
    });
    direct
        .chain(through)
        .filter_map(|(role, source)| Some((catalog.roles.get(role)?, source)))
        .flat_map(|(role, source)| role.permissions.iter().map(move |one| (one.clone(), source.clone())))
        .collect()
}

/// Lists the grants of a user.
#[must_use]
pub fn of_user(user: &User, catalog: &Catalog) -> Vec<Grant> {
    let by_kind = (user.kind == Kind::Owner).then(|| (Permission::all(), Source::Owner));
    by_kind.into_iter().chain(grants_of(&user.roles, &user.groups, catalog)).collect()
}

/// Lists the grants that narrow a key; `None` for a key without roles and groups of its own.
#[must_use]
pub fn restriction(key: &AccessKey, catalog: &Catalog) -> Option<Vec<Grant>> {
    key.is_narrowed().then(|| {
        grants_of(
            key.roles.as_deref().unwrap_or_default(),
            key.groups.as_deref().unwrap_or_default(),
            catalog,
        )
    })
}

/// Returns the permissions of a caller: those of the user, narrowed by the key.
#[must_use]
pub fn effective(user: &User, key: Option<&AccessKey>, catalog: &Catalog) -> Vec<Permission> {
    let held = permissions(of_user(user, catalog));
    match key.and_then(|key| restriction(key, catalog)) {
        Some(narrowed) => intersection(&held, &permissions(narrowed)),
        None => held,
    }
}

/// Returns the permissions of grants, without redundant ones.
#[must_use]
pub fn permissions(grants: Vec<Grant>) -> Vec<Permission> {
    without_redundant(grants.into_iter().map(|(permission, _)| permission))
}
