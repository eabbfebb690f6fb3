//! Roles and groups as one type: they are set, shown and deleted alike.

use api::{HandlerError, Member, Request, app::App};
use domain::{
    Error,
    id::OrganizationId,
    role::{Catalog, Group, Label, Role},
};

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fuzzed_paths_name_a_role_or_group_as_it_is_written() {
        let sample = include_str!("../../../tests/events/manage-roles.json");
        fuzz::texts("role_name").play(|text| {
            let event = fuzz::event_with_path(sample, &[("role", text), ("group", text)]);
            let request = lambda_http::request::from_str(&event).unwrap();
            let request = Request::read_member(request).unwrap_or_else(|error| panic!("{error}"));
            let is_name = (1..=64).contains(&text.len())
                && text.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '-'));
            for kind in [CatalogKind::Role, CatalogKind::Group] {
                match kind.name_in_path(&request) {
                    Ok(name) => assert_eq!((name.as_str(), is_name), (text, true)),
                    Err(HandlerError::Refused(Error::NotFound { what })) => {
                        assert_eq!((what, is_name), (kind.as_str(), false));
                    }
                    Err(error) => panic!("{error}"),
                }
            }
            is_name
        });
    }
}
