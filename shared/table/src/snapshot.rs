//! An organization with its roles and groups, read by one query.

use domain::{
    id::OrganizationId,
    organization::Organization,
    role::{Catalog, Group, Role},
};

use crate::{
    Error, Table,
    item::{Item, decode, text},
    item_key,
};

/// An organization with its roles and groups.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The organization.
    pub organization: Organization,
    /// Its roles and groups.
    pub catalog: Catalog,
}

impl Table {
    /// Reads an organization with its roles and groups, strongly. `None` when it does not exist.
    pub async fn snapshot(&self, organization_id: OrganizationId) -> Result<Option<Snapshot>, Error> {
        let (first, last) = item_key::SNAPSHOT;
        let (mut organization, mut catalog) = (None, Catalog::default());
        let mut pages = self
            .query_strongly(
                "PK = :partition AND SK BETWEEN :first AND :last",
                item_key::organization_partition(organization_id),
            )
            .expression_attribute_values(":first", text(first))
            .expression_attribute_values(":last", text(last))
            .into_paginator()
            .items()
            .send();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| Error::failed("Query", error))?;
            if is_of(&item, item_key::ROLES) {
                let role: Role = decode("role", item)?;
                catalog.roles.insert(role.name.clone(), role);
            } else if is_of(&item, item_key::GROUPS) {
                let group: Group = decode("group", item)?;
                catalog.groups.insert(group.name.clone(), group);
            } else {
                organization = Some(decode("organization", item)?);
            }
        }
        Ok(organization.map(|organization| Snapshot { organization, catalog }))
    }
}

fn is_of(item: &Item, prefix: &str) -> bool {
    item.get("SK").and_then(|sort| sort.as_s().ok()).is_some_and(|sort| sort.starts_with(prefix))
}
