//! Roles and groups as one type: they are read, compared, set and deleted alike.

use std::fmt;

use domain::{
    audit::{self, Action, Effect},
    id::OrganizationId,
    permission::PermissionSet,
    role::{Catalog, Group, Label, Role},
};
use serde_json::Value;
use table::{CatalogChange, Error, Table};

use crate::fields;

/// Whether it is a role or a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CatalogKind {
    Role,
    Group,
}

/// A role or a group.
#[derive(Debug, Clone)]
pub(crate) enum RoleOrGroup {
    Role(Role),
    Group(Group),
}

impl CatalogKind {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::Group => "group",
        }
    }

    /// Returns the action of an update that changes nothing.
    pub(crate) const fn updated(self) -> Action {
        match self {
            Self::Role => Action::RoleUpdated(Effect::Other),
            Self::Group => Action::GroupUpdated(Effect::Other),
        }
    }

    pub(crate) const fn deleted(self) -> Action {
        match self {
            Self::Role => Action::RoleDeleted,
            Self::Group => Action::GroupDeleted,
        }
    }

    pub(crate) async fn read(
        self,
        table: &Table,
        organization_id: OrganizationId,
        name: &Label,
    ) -> Result<Option<RoleOrGroup>, Error> {
        Ok(match self {
            Self::Role => table.role(organization_id, name).await?.map(RoleOrGroup::Role),
            Self::Group => table.group(organization_id, name).await?.map(RoleOrGroup::Group),
        })
    }

    /// Takes the role or group of this name out of a catalog.
    pub(crate) fn remove(self, catalog: &mut Catalog, name: &Label) -> Option<RoleOrGroup> {
        match self {
            Self::Role => catalog.roles.remove(name).map(RoleOrGroup::Role),
            Self::Group => catalog.groups.remove(name).map(RoleOrGroup::Group),
        }
    }

    pub(crate) async fn delete(
        self,
        table: &Table,
        name: &Label,
        change: CatalogChange,
        event: &audit::Event,
    ) -> Result<(), Error> {
        match self {
            Self::Role => table.delete_role(name, change, event).await,
            Self::Group => table.delete_group(name, change, event).await,
        }
    }
}

impl fmt::Display for CatalogKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl RoleOrGroup {
    pub(crate) const fn version(&self) -> u64 {
        match self {
            Self::Role(role) => role.version,
            Self::Group(group) => group.version,
        }
    }

    /// Returns what requests can set, by the names of the API.
    pub(crate) fn shown(&self) -> Value {
        match self {
            Self::Role(role) => fields::of_role(role),
            Self::Group(group) => fields::of_group(group),
        }
    }

    /// Returns the action that sets it where there was `before`.
    pub(crate) fn action(&self, before: Option<&Self>) -> Action {
        match (before, self) {
            (Some(Self::Role(before)), Self::Role(after)) => {
                Action::RoleUpdated(Effect::of_role(before, after))
            }
            (Some(Self::Group(before)), Self::Group(after)) => {
                Action::GroupUpdated(Effect::of_group(before, after))
            }
            (_, Self::Role(_)) => Action::RoleCreated,
            (_, Self::Group(_)) => Action::GroupCreated,
        }
    }

    /// Returns the one that grants what both grant. The description stays, and a set that grants no more stays as it is.
    pub(crate) fn restricted_to(&self, other: &Self) -> Self {
        let mut restricted = self.clone();
        match (&mut restricted, other) {
            (Self::Role(role), Self::Role(other)) => {
                let (own, others) =
                    (PermissionSet::new(&role.permissions), PermissionSet::new(&other.permissions));
                let both = own.intersection(&others);
                if both != own {
                    role.permissions = both.to_vec();
                }
            }
            (Self::Group(group), Self::Group(other)) => group.roles.retain(|role| other.roles.contains(role)),
            (Self::Role(_), Self::Group(_)) | (Self::Group(_), Self::Role(_)) => {}
        }
        restricted
    }

    pub(crate) fn insert_into(&self, catalog: &mut Catalog) {
        match self.clone() {
            Self::Role(role) => drop(catalog.roles.insert(role.name.clone(), role)),
            Self::Group(group) => drop(catalog.groups.insert(group.name.clone(), group)),
        }
    }

    /// Sets it with the version of the change.
    pub(crate) async fn set(
        self,
        table: &Table,
        change: CatalogChange,
        event: &audit::Event,
    ) -> Result<(), Error> {
        let version = change.version;
        match self {
            Self::Role(role) => table.set_role(&Role { version, ..role }, change, event).await,
            Self::Group(group) => table.set_group(&Group { version, ..group }, change, event).await,
        }
    }
}
