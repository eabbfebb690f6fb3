//! The permissions of a key, each with the roles and groups that it comes from.

use domain::{
    grant::{Grant, Source, effective, of_user, restriction},
    id::KeyId,
    permission::Permission,
    role::{Catalog, Label},
};
use serde::Serialize;
use table::KeyWithUser;

/// The permissions of a key, and the source of each.
#[derive(Debug, Serialize)]
pub(crate) struct Explanation {
    key_id: KeyId,
    /// The permissions of the key: those of its user, limited to those of the key's own roles and groups.
    permissions: Vec<Explained>,
    /// The permissions of the user.
    user: Vec<Sourced>,
    /// The permissions of the key's own roles and groups; `null` if the key is not narrowed to any.
    key: Option<Vec<Sourced>>,
}

#[derive(Debug, Serialize)]
struct Explained {
    permission: Permission,
    /// The user's roles and groups that cover it.
    user_sources: Vec<SourceResponse>,
    /// The key's own roles and groups that cover it; empty if the key is not narrowed to any.
    key_sources: Vec<SourceResponse>,
}

#[derive(Debug, Serialize)]
struct Sourced {
    permission: Permission,
    source: SourceResponse,
}

/// As `{"type": "group", "group": "…", "role": "…"}`.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum SourceResponse {
    Owner,
    Role { role: Label },
    Group { group: Label, role: Label },
}

impl From<&Source> for SourceResponse {
    fn from(source: &Source) -> Self {
        match source {
            Source::Owner => Self::Owner,
            Source::Role(role) => Self::Role { role: role.clone() },
            Source::Group { group, role } => Self::Group { group: group.clone(), role: role.clone() },
        }
    }
}

/// Explains which permissions a key has now.
pub(crate) fn explain(found: &KeyWithUser, catalog: &Catalog) -> Explanation {
    let user = of_user(&found.user, catalog);
    let key = restriction(&found.key, catalog);
    let explained = |permission: Permission| Explained {
        user_sources: covering(&user, &permission),
        key_sources: key.as_ref().map(|key| covering(key, &permission)).unwrap_or_default(),
        permission,
    };
    let permissions = effective(&found.user, Some(&found.key), catalog).into_iter().map(explained).collect();
    let sourced = |grants: &Vec<Grant>| {
        let one =
            |(permission, source): &Grant| Sourced { permission: permission.clone(), source: source.into() };
        grants.iter().map(one).collect()
    };
    Explanation {
        key_id: found.key.key_id,
        permissions,
        user: sourced(&user),
        key: key.as_ref().map(sourced),
    }
}

fn covering(grants: &[Grant], permission: &Permission) -> Vec<SourceResponse> {
    let covers = |(granted, _): &&Grant| granted.covers(permission.as_str());
    grants.iter().filter(covers).map(|(_, source)| source.into()).collect()
}
