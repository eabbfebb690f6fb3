//! An organization with its roles and groups, read by three queries at once.
//!
//! No single range of sort keys holds them alone.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use domain::{
    id::OrganizationId,
    organization::{Organization, Status},
    role::{Catalog, Group, Role},
};
use serde::{Deserialize, de::DeserializeOwned};

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
    /// Its roles and groups, without descriptions.
    pub catalog: Catalog,
}

#[derive(Deserialize)]
struct StoredStatus {
    status: Status,
}

impl Table {
    /// Reads an organization with its roles and groups, strongly. `None` when it does not exist.
    pub async fn snapshot(&self, organization_id: OrganizationId) -> Result<Option<Snapshot>, Error> {
        let (organization, catalog) = read(&self.query_snapshot(organization_id)).await?;
        Ok(organization.map(|organization| Snapshot { organization, catalog }))
    }

    /// Reads what a decision needs of an organization, strongly. `None` when it does not exist.
    pub async fn decision_snapshot(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Option<DecisionSnapshot>, Error> {
        let needed = "SK, #status, #name, #permissions, #roles, updated_at, version";
        let query = ["status", "name", "permissions", "roles"]
            .into_iter()
            .fold(self.query_snapshot(organization_id).projection_expression(needed), |query, name| {
                query.expression_attribute_names(format!("#{name}"), name)
            });
        let (status, catalog) = read(&query).await?;
        Ok(status.map(|StoredStatus { status }| DecisionSnapshot { status, catalog }))
    }

    fn query_snapshot(&self, organization_id: OrganizationId) -> QueryFluentBuilder {
        self.query_strongly(
            "PK = :partition AND SK BETWEEN :first AND :last",
            item_key::organization_partition(organization_id),
        )
    }
}

/// Reads all pages of all ranges: the organization, if it is there, with its roles and groups.
async fn read<O: DeserializeOwned>(query: &QueryFluentBuilder) -> Result<(Option<O>, Catalog), Error> {
    let (mut organization, mut catalog) = (None, Catalog::default());
    let [groups, itself, roles] = item_key::SNAPSHOT.map(|range| Box::pin(read_range(query.clone(), range)));
    let (groups, itself, roles) = tokio::try_join!(groups, itself, roles)?;
    for item in groups.into_iter().chain(itself).chain(roles) {
        if is_of(&item, item_key::ROLES) {
            let role: Role = decode("role", item)?;
            catalog.roles.insert(role.name.clone(), role);
        } else if is_of(&item, item_key::GROUPS) {
            let group: Group = decode("group", item)?;
            catalog.groups.insert(group.name.clone(), group);
        } else if is_of(&item, item_key::ORGANIZATION) {
            organization = Some(decode("organization", item)?);
        }
    }
    Ok((organization, catalog))
}

async fn read_range(query: QueryFluentBuilder, (first, last): (&str, &str)) -> Result<Vec<Item>, Error> {
    let query = query.expression_attribute_values(":first", text(first));
    let query = query.expression_attribute_values(":last", text(last));
    let items = query.into_paginator().items().send().try_collect().await;
    items.map_err(|error| Error::failed("Query", error))
}

fn is_of(item: &Item, prefix: &str) -> bool {
    item.get("SK").and_then(|sort| sort.as_s().ok()).is_some_and(|sort| sort.starts_with(prefix))
}
