//! The roles and groups that permissions come from.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    permission::Permission,
    role::{Catalog, Label},
    user::Kind,
};
use serde::Serialize;
use table::KeyWithUser;

/// As `{"type": "group", "group": "…", "role": "…"}`, with `"of": "key"` if the key is narrowed to it.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "PermissionSource"))]
pub(super) struct Source {
    #[serde(flatten)]
    through: Through,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "String", extend("const" = "key")))]
    of: Option<&'static str>,
}

#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(inline))]
#[serde(tag = "type", rename_all = "snake_case")]
enum Through {
    Owner,
    Role { role: Label },
    Group { group: Label, role: Label },
}

/// The roles of a user, or those that narrow a key, and how each is carried.
pub(super) struct Carrier<'a> {
    /// The user, if it holds everything by its kind.
    by_kind: Option<Source>,
    roles: BTreeMap<&'a Label, Vec<Source>>,
    /// The roles that grant each permission.
    granted_by: BTreeMap<&'a str, Vec<&'a Label>>,
}

impl<'a> Carrier<'a> {
    /// Returns the user, and after it a key that is narrowed.
    pub(super) fn all(found: &'a KeyWithUser, catalog: &'a Catalog) -> Vec<Self> {
        let KeyWithUser { key, user } = found;
        let owner = Source { through: Through::Owner, of: None };
        let by_kind = (user.kind == Kind::Owner).then_some(owner);
        let mut all = vec![Self { by_kind, ..Self::new(&user.roles, &user.groups, catalog, None) }];
        if key.is_narrowed() {
            let (roles, groups) = (key.roles.as_deref(), key.groups.as_deref());
            let (roles, groups) = (roles.unwrap_or_default(), groups.unwrap_or_default());
            all.push(Self::new(roles, groups, catalog, Some("key")));
        }
        all
    }

    fn new(direct: &'a [Label], groups: &'a [Label], catalog: &'a Catalog, of: Option<&'static str>) -> Self {
        let mut roles: BTreeMap<&Label, Vec<Source>> = BTreeMap::new();
        for role in direct {
            roles.entry(role).or_default().push(Source { through: Through::Role { role: role.clone() }, of });
        }
        for group in groups.iter().filter_map(|name| catalog.groups.get(name)) {
            for role in &group.roles {
                let through = Through::Group { group: group.name.clone(), role: role.clone() };
                roles.entry(role).or_default().push(Source { through, of });
            }
        }
        let mut granted_by: BTreeMap<&str, Vec<&Label>> = BTreeMap::new();
        for role in roles.keys().filter_map(|name| catalog.roles.get(name)) {
            for permission in &role.permissions {
                granted_by.entry(permission.as_str()).or_default().push(&role.name);
            }
        }
        Self { by_kind: None, roles, granted_by }
    }

    /// Finds the sources that cover a permission, by looking up each text that could.
    pub(super) fn sources(&self, permission: &Permission) -> impl Iterator<Item = &Source> {
        let granting = permission.covering().filter_map(|text| self.granted_by.get(text.as_str()));
        let roles: BTreeSet<&Label> = granting.flatten().copied().collect();
        self.by_kind.iter().chain(roles.into_iter().filter_map(|role| self.roles.get(role)).flatten())
    }
}
