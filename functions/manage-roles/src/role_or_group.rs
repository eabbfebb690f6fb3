use api::{Problem, app::App};
use domain::{
    Time,
    id::OrganizationId,
    permission::Permission,
    role::{Catalog, Group, Label, Role},
    text::Description,
};
use serde::Serialize;

/// Which of the two a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Noun {
    Role,
    Group,
}

impl Noun {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::Group => "group",
        }
    }
}

/// A role or a group.
#[derive(Debug, Clone)]
pub(crate) enum Entry {
    Role(Role),
    Group(Group),
}

impl Entry {
    /// Finds one, strongly.
    pub(crate) async fn read(
        app: &App,
        organization_id: OrganizationId,
        noun: Noun,
        name: &Label,
    ) -> Result<Option<Self>, Problem> {
        Ok(match noun {
            Noun::Role => app.table.role(organization_id, name).await?.map(Self::Role),
            Noun::Group => app.table.group(organization_id, name).await?.map(Self::Group),
        })
    }

    /// Lists all of one noun, by name.
    pub(crate) fn all(catalog: Catalog, noun: Noun) -> Vec<Self> {
        match noun {
            Noun::Role => catalog.roles.into_values().map(Self::Role).collect(),
            Noun::Group => catalog.groups.into_values().map(Self::Group).collect(),
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
pub(crate) struct EntryAnswer {
    name: Label,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<Vec<Permission>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<Vec<Label>>,
    description: Option<Description>,
    updated_at: String,
    version: u64,
}

impl From<Entry> for EntryAnswer {
    fn from(entry: Entry) -> Self {
        let shown = |time: Time| time.to_string();
        match entry {
            Entry::Role(Role { name, permissions, description, updated_at, version }) => Self {
                name,
                permissions: Some(permissions),
                roles: None,
                description,
                updated_at: shown(updated_at),
                version,
            },
            Entry::Group(Group { name, roles, description, updated_at, version }) => Self {
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
