use domain::{id::OrganizationId, organization::Organization};

use crate::{
    Error, Table,
    item::{decode, text},
    key,
};

/// What a decision needs of an organization besides the key and the user.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The organization.
    pub organization: Organization,
}

impl Table {
    /// Reads an organization with its roles and groups, strongly. `None` when it does not exist.
    pub async fn snapshot(&self, organization_id: OrganizationId) -> Result<Option<Snapshot>, Error> {
        let (first, last) = key::SNAPSHOT;
        let mut organization = None;
        let mut pages = self
            .client
            .query()
            .table_name(&self.name)
            .key_condition_expression("PK = :partition AND SK BETWEEN :first AND :last")
            .expression_attribute_values(":partition", text(key::organization_partition(organization_id)))
            .expression_attribute_values(":first", text(first))
            .expression_attribute_values(":last", text(last))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| Error::failed("Query", error))?;
            if item.get("SK").and_then(|sort| sort.as_s().ok()).is_some_and(|sort| sort == "ORG") {
                organization = Some(decode("organization", item)?);
            }
        }
        Ok(organization.map(|organization| Snapshot { organization }))
    }
}
