//! The reads of the authorizer, which two floors share.

use std::env::var;

use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue, KeysAndAttributes},
};
use lambda_runtime::Error;
use serde::Deserialize;

/// Where this variable is set, the organization is read too.
const READ_ORGANIZATION: &str = "READ_ORGANIZATION";

/// What the read needs of the gateway's event.
#[derive(Deserialize)]
pub(crate) struct Event {
    headers: Headers,
}

#[derive(Deserialize)]
struct Headers {
    #[serde(rename = "x-access-key")]
    token: String,
}

/// Reads the key and its user as the authorizer does, perhaps their organization too, and tells whether both are there.
pub(crate) async fn read(client: &Client, table: &str, event: &Event) -> Result<bool, Error> {
    let key_id = event.headers.token.split('_').nth(1).ok_or("no token")?;
    let (user_id, suffix) = key_id.split_at_checked(12).ok_or("no key id")?;
    let item = |sort: String| {
        let text = |text| AttributeValue::S(text);
        [("PK".to_owned(), text(format!("USER#{user_id}"))), ("SK".to_owned(), text(sort))].into()
    };
    let keys = KeysAndAttributes::builder()
        .keys(item(format!("KEY#{suffix}")))
        .keys(item("USER".to_owned()))
        .consistent_read(true)
        .build()?;
    let answer = client.batch_get_item().request_items(table, keys).send().await?;
    let found: Vec<_> = answer.responses.into_iter().flatten().flat_map(|(_, items)| items).collect();
    if var(READ_ORGANIZATION).is_ok() {
        let organization = found.iter().find_map(|item| item.get("organization_id")?.as_s().ok());
        read_organization(client, table, organization.ok_or("no organization")?).await?;
    }
    Ok(found.len() == 2)
}

/// Reads what the authorizer reads of an organization, by a single query, and drops what comes.
async fn read_organization(client: &Client, table: &str, organization: &str) -> Result<(), Error> {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let mut pages = client
        .query()
        .table_name(table)
        .key_condition_expression("PK = :partition AND SK BETWEEN :organization AND :catalog")
        .expression_attribute_values(":partition", text(&format!("ORG#{organization}")))
        .expression_attribute_values(":organization", text("ORG"))
        .expression_attribute_values(":catalog", text("ORG#DECISIONS"))
        .projection_expression("SK, #status, #permissions_of_roles, #roles_of_groups")
        .expression_attribute_names("#status", "status")
        .expression_attribute_names("#permissions_of_roles", "permissions_of_roles")
        .expression_attribute_names("#roles_of_groups", "roles_of_groups")
        .consistent_read(true)
        .into_paginator()
        .send();
    while let Some(page) = pages.next().await {
        drop(page?);
    }
    Ok(())
}
