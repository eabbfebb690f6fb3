//! An organization with its roles and groups, and what a decision needs of them: each is read by one query. Whether that
//! changed is read by one batch.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use domain::{
    decision_catalog::DecisionCatalog,
    id::OrganizationId,
    organization::{Organization, Status},
    role::{Catalog, Label},
};
use serde::Deserialize;

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

/// What a decision needs of an organization.
#[derive(Debug, Clone)]
pub struct DecisionSnapshot {
    /// Whether the organization is in use.
    pub status: Status,
    /// What its roles and groups grant.
    pub catalog: DecisionCatalog,
}

/// What tells whether a [`DecisionSnapshot`] is still what stands in the table.
#[derive(Debug, Clone, Copy)]
pub struct DecisionVersion {
    /// Whether the organization is in use.
    pub status: Status,
    /// The version of its roles and groups; 0 before their first change.
    pub catalog: u64,
}

#[derive(Deserialize)]
struct StoredStatus {
    status: Status,
}

#[derive(Deserialize)]
struct StoredVersion {
    version: u64,
}

/// An item of a snapshot, by the entity that it stores.
enum Entity {
    Organization(Item),
    Role(Label, Item),
    Group(Label, Item),
}

impl Table {
    /// Reads an organization with its roles and groups, strongly. `None` when it does not exist.
    pub async fn snapshot(&self, organization_id: OrganizationId) -> Result<Option<Snapshot>, Error> {
        let (mut organization, mut catalog) = (None, Catalog::default());
        let read = |entity| {
            match entity {
                Entity::Organization(item) => organization = Some(decode("organization", item)?),
                Entity::Role(name, item) => drop(catalog.roles.insert(name, decode("role", item)?)),
                Entity::Group(name, item) => drop(catalog.groups.insert(name, decode("group", item)?)),
            }
            Ok(())
        };
        read_all(self.query_snapshot(organization_id), read).await?;
        Ok(organization.map(|organization| Snapshot { organization, catalog }))
    }

    /// Reads what a decision needs of an organization, strongly. `None` when it does not exist.
    pub async fn decision_snapshot(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Option<DecisionSnapshot>, Error> {
        let attributes = ["status", "permissions_of_roles", "roles_of_groups"];
        let query = attributes.into_iter().fold(
            self.query_strongly(
                "PK = :partition AND SK BETWEEN :organization AND :decisions",
                item_key::organization_partition(organization_id),
            ),
            |query, name| query.expression_attribute_names(format!("#{name}"), name),
        );
        let query = query
            .expression_attribute_values(":organization", text(item_key::ORGANIZATION))
            .expression_attribute_values(":decisions", text(item_key::DECISIONS))
            .projection_expression("SK, #status, #permissions_of_roles, #roles_of_groups");
        let (mut status, mut catalog) = (None, DecisionCatalog::default());
        let mut items = query.into_paginator().items().send();
        while let Some(item) = items.next().await {
            let item = item.map_err(|error| Error::failed("Query", error))?;
            match sort_of(&item) {
                item_key::ORGANIZATION => {
                    let stored: StoredStatus = decode("organization", item)?;
                    status = Some(stored.status);
                }
                item_key::DECISIONS => catalog = decode("catalog", item)?,
                _ => {}
            }
        }
        Ok(status.map(|status| DecisionSnapshot { status, catalog }))
    }

    /// Reads the status of an organization and the version of its roles and groups, strongly. `None` when it does not exist.
    ///
    /// Roles and groups that are read after it are those of this version or of a later one.
    pub async fn decision_version(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Option<DecisionVersion>, Error> {
        let keys = [item_key::organization(organization_id), item_key::catalog(organization_id)];
        let mut items = self.batch(keys.clone()).await?;
        let [organization, catalog] = keys.map(|key| items.remove(&key));
        let Some(organization) = organization else { return Ok(None) };
        let StoredStatus { status } = decode("organization", organization)?;
        let catalog = catalog.map(|item| decode::<StoredVersion>("catalog", item)).transpose()?;
        Ok(Some(DecisionVersion { status, catalog: catalog.map_or(0, |stored| stored.version) }))
    }

    fn query_snapshot(&self, organization_id: OrganizationId) -> QueryFluentBuilder {
        let (first, last) = item_key::SNAPSHOT;
        self.query_strongly(
            "PK = :partition AND SK BETWEEN :first AND :last",
            item_key::organization_partition(organization_id),
        )
        .expression_attribute_values(":first", text(first))
        .expression_attribute_values(":last", text(last))
        .filter_expression("attribute_exists(#version)")
        .expression_attribute_names("#version", "version")
    }
}

/// Reads all pages, entity by entity.
async fn read_all(
    query: QueryFluentBuilder,
    mut read: impl FnMut(Entity) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut items = query.into_paginator().items().send();
    while let Some(item) = items.next().await {
        if let Some(entity) = entity_of(item.map_err(|error| Error::failed("Query", error))?)? {
            read(entity)?;
        }
    }
    Ok(())
}

/// Tells entities apart by their sort keys. `None` for what is not of a snapshot.
fn entity_of(item: Item) -> Result<Option<Entity>, Error> {
    let sort = sort_of(&item);
    let label = |what, name: &str| {
        Label::try_from(name.to_owned())
            .map_err(|error| Error::corrupt(what)(serde::de::Error::custom(error)))
    };
    Ok(if let Some(name) = sort.strip_prefix(item_key::ROLES) {
        Some(Entity::Role(label("role", name)?, item))
    } else if let Some(name) = sort.strip_prefix(item_key::GROUPS) {
        Some(Entity::Group(label("group", name)?, item))
    } else {
        (sort == item_key::ORGANIZATION).then_some(Entity::Organization(item))
    })
}

fn sort_of(item: &Item) -> &str {
    item.get("SK").and_then(|sort| sort.as_s().ok()).map_or("", String::as_str)
}
