//! Roles and groups as one type: they are set, shown and deleted alike.

use api::{HandlerError, Member, Request, app::App};
use domain::{
    Error, Time,
    id::OrganizationId,
    permission::Permission,
    role::{Catalog, Group, Label, Role},
    text::Description,
};
use serde::Serialize;

/// Whether a request is about roles or groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CatalogKind {
    Role,
    Group,
}

impl CatalogKind {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::Group => "group",
        }
    }

    /// Reads the name in the path. A text that cannot be a name is the name of nothing.
    pub(crate) fn name_in_path(self, request: &Request<Member>) -> Result<Label, HandlerError> {
        let name = Label::try_from(request.path(self.as_str())?);
        Ok(name.map_err(|_| Error::NotFound { what: self.as_str() })?)
    }
}

/// A role or a group.
#[derive(Debug, Clone)]
pub(crate) enum RoleOrGroup {
    Role(Role),
    Group(Group),
}

impl RoleOrGroup {
    /// Reads one, strongly.
    pub(crate) async fn read(
        app: &App,
        organization_id: OrganizationId,
        kind: CatalogKind,
        name: &Label,
    ) -> Result<Option<Self>, HandlerError> {
        Ok(match kind {
            CatalogKind::Role => app.table.role(organization_id, name).await?.map(Self::Role),
            CatalogKind::Group => app.table.group(organization_id, name).await?.map(Self::Group),
        })
    }

    /// Finds one in a catalog.
    pub(crate) fn find(catalog: &Catalog, kind: CatalogKind, name: &Label) -> Option<Self> {
        match kind {
            CatalogKind::Role => catalog.roles.get(name).cloned().map(Self::Role),
            CatalogKind::Group => catalog.groups.get(name).cloned().map(Self::Group),
        }
    }

    /// Sets this one in a catalog, in the place of one of its name.
    pub(crate) fn set_in(self, catalog: &mut Catalog) {
        match self {
            Self::Role(role) => drop(catalog.roles.insert(role.name.clone(), role)),
            Self::Group(group) => drop(catalog.groups.insert(group.name.clone(), group)),
        }
    }

    /// Removes this one from a catalog.
    pub(crate) fn remove_from(&self, catalog: &mut Catalog) {
        match self {
            Self::Role(role) => drop(catalog.roles.remove(&role.name)),
            Self::Group(group) => drop(catalog.groups.remove(&group.name)),
        }
    }

    /// Returns all of one kind, by name.
    pub(crate) fn all(catalog: Catalog, kind: CatalogKind) -> Vec<Self> {
        match kind {
            CatalogKind::Role => catalog.roles.into_values().map(Self::Role).collect(),
            CatalogKind::Group => catalog.groups.into_values().map(Self::Group).collect(),
        }
    }

    pub(crate) const fn name(&self) -> &Label {
        match self {
            Self::Role(role) => &role.name,
            Self::Group(group) => &group.name,
        }
    }

    pub(crate) const fn version(&self) -> u64 {
        match self {
            Self::Role(role) => role.version,
            Self::Group(group) => group.version,
        }
    }
}

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
