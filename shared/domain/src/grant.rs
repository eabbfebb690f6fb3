//! Grants: the permissions that users and keys have through roles and groups.

use std::{collections::BTreeSet, slice, sync::LazyLock};

use crate::{
    access_key::AccessKey,
    permission::{Permission, PermissionSet},
    role::{Catalog, Label},
    user::{Kind, User},
};

/// What owners hold by their kind.
static ALL: LazyLock<Permission> = LazyLock::new(Permission::all);

/// What roles and groups grant: each role once, however many groups carry it.
#[derive(Debug, Clone, Default)]
pub struct Grants<'a> {
    by_kind: &'a [Permission],
    roles: Vec<&'a [Permission]>,
}

/// Returns the grants of roles and groups. Names that are not in the catalog grant nothing.
#[must_use]
pub fn grants_of<'a>(roles: &[Label], groups: &[Label], catalog: &'a Catalog) -> Grants<'a> {
    let through = groups.iter().filter_map(|group| catalog.groups.get(group)).flat_map(|group| &group.roles);
    let names: BTreeSet<&Label> = roles.iter().chain(through).collect();
    let roles = names.into_iter().filter_map(|name| catalog.roles.get(name));
    Grants { by_kind: &[], roles: roles.map(|role| role.permissions.as_slice()).collect() }
}

/// Returns the grants of a user.
#[must_use]
pub fn of_user<'a>(user: &User, catalog: &'a Catalog) -> Grants<'a> {
    let by_kind = if user.kind == Kind::Owner { slice::from_ref(&*ALL) } else { &[] };
    Grants { by_kind, ..grants_of(&user.roles, &user.groups, catalog) }
}

/// Returns the grants that narrow a key; `None` for a key without roles and groups of its own.
#[must_use]
pub fn restriction<'a>(key: &AccessKey, catalog: &'a Catalog) -> Option<Grants<'a>> {
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
    let held = of_user(user, catalog).set();
    match key.and_then(|key| restriction(key, catalog)) {
        Some(narrowed) => held.intersection(&narrowed.set()).to_vec(),
        None => held.to_vec(),
    }
}

/// Returns the permissions of grants, without redundant ones.
#[must_use]
pub fn permissions(grants: Grants<'_>) -> Vec<Permission> {
    grants.set().to_vec()
}

impl<'a> Grants<'a> {
    fn set(self) -> PermissionSet<'a> {
        PermissionSet::new(self.by_kind.iter().chain(self.roles.into_iter().flatten()))
    }
}
