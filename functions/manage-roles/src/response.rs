//! Roles and groups as the API shows them.

use api::Instant;
use domain::{
    permission::Permission,
    role::{Group, Label, Role},
    text::Description,
};
use serde::Serialize;

use crate::role_or_group::RoleOrGroup;

/// A role or a group as the API shows it.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum RoleOrGroupResponse {
    Role(RoleResponse),
    Group(GroupResponse),
}

/// A named set of permissions.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Role"))]
pub(crate) struct RoleResponse {
    name: Label,
    permissions: Vec<Permission>,
    description: Option<Description>,
    updated_at: Instant,
    version: u64,
}

/// A named set of roles.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Group"))]
pub(crate) struct GroupResponse {
    name: Label,
    roles: Vec<Label>,
    description: Option<Description>,
    updated_at: Instant,
    version: u64,
}

impl From<RoleOrGroup> for RoleOrGroupResponse {
    fn from(entry: RoleOrGroup) -> Self {
        match entry {
            RoleOrGroup::Role(Role { name, permissions, description, updated_at, version }) => {
                let updated_at = Instant(updated_at);
                Self::Role(RoleResponse { name, permissions, description, updated_at, version })
            }
            RoleOrGroup::Group(Group { name, roles, description, updated_at, version }) => {
                let updated_at = Instant(updated_at);
                Self::Group(GroupResponse { name, roles, description, updated_at, version })
            }
        }
    }
}
