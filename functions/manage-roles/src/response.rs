//! Roles and groups as the API shows them.

use domain::{
    Time,
    permission::Permission,
    role::{Group, Label, Role},
    text::Description,
};
use serde::Serialize;

use crate::role_or_group::RoleOrGroup;

/// A role or a group as the API shows it.
#[derive(Debug, Serialize)]
pub(crate) struct RoleOrGroupResponse {
    name: Label,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<Vec<Permission>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<Vec<Label>>,
    description: Option<Description>,
    updated_at: String,
    version: u64,
}

impl From<RoleOrGroup> for RoleOrGroupResponse {
    fn from(entry: RoleOrGroup) -> Self {
        let shown = |time: Time| time.to_string();
        match entry {
            RoleOrGroup::Role(Role { name, permissions, description, updated_at, version }) => Self {
                name,
                permissions: Some(permissions),
                roles: None,
                description,
                updated_at: shown(updated_at),
                version,
            },
            RoleOrGroup::Group(Group { name, roles, description, updated_at, version }) => Self {
                name,
                permissions: None,
                roles: Some(roles),
                description,
                updated_at: shown(updated_at),
                version,
            },
        }
    }
}
