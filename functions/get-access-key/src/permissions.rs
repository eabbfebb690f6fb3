use domain::{
    grant::{Grant, Source, effective, restriction, of_user},
    id::KeyId,
    permission::Permission,
    role::{Catalog, Label},
};
use serde::Serialize;
use table::KeyWithUser;

/// What a key permits, and where each permission comes from.
#[derive(Debug, Serialize)]
pub(crate) struct Explanation {
    key_id: KeyId,
    /// What the key permits: what its user holds, within what it is narrowed to.
    permissions: Vec<Explained>,
    /// What the user holds.
    user: Vec<Sourced>,
    /// What the key is narrowed to; `null` when it was never given roles or groups.
    key: Option<Vec<Sourced>>,
}

#[derive(Debug, Serialize)]
struct Explained {
    permission: Permission,
    /// The sources on the user's side that cover it.
    user_sources: Vec<SourceAnswer>,
    /// The sources on the key's side that cover it; empty when the key is not narrowed.
    key_sources: Vec<SourceAnswer>,
}

#[derive(Debug, Serialize)]
struct Sourced {
    permission: Permission,
    source: SourceAnswer,
}

/// As `{"type": "group", "group": "…", "role": "…"}`.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum SourceAnswer {
    Owner,
    Role { role: Label },
    Group { group: Label, role: Label },
}

impl From<&Source> for SourceAnswer {
    fn from(source: &Source) -> Self {
        match source {
            Source::Owner => Self::Owner,
            Source::Role(role) => Self::Role { role: role.clone() },
            Source::Group { group, role } => Self::Group { group: group.clone(), role: role.clone() },
        }
    }
}

/// Lists what a key permits now.
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

fn covering(grants: &[Grant], permission: &Permission) -> Vec<SourceAnswer> {
    let covers = |(granted, _): &&Grant| granted.covers(permission.as_str());
    grants.iter().filter(covers).map(|(_, source)| source.into()).collect()
}
