//! Fills the table with copies of a machine and its keys: in process, and not timed.

use std::collections::HashMap;

use local::dynoxide::{AttributeValue, ImportOptions};
use serde_json::json;

use crate::{event::Named, failure::Failure, report::progress, world::World};

type Item = HashMap<String, AttributeValue>;

/// Copies that are stored in one transaction.
const AT_ONCE: usize = 5_000;

/// Copies the original until the table holds this many keys: two for each user.
pub(crate) fn fill(world: &World, keys: usize) -> Result<Vec<Named>, Failure> {
    copy(world, &world.original, 'c', 0, keys / 2)
}

/// Copies the original further, from one number of keys to another.
pub(crate) fn grow(world: &World, from: usize, to: usize) -> Result<Vec<Named>, Failure> {
    copy(world, &world.original, 'c', from / 2, to / 2)
}

/// Copies a user with its keys, each copy under a user id of its own; returns the first key of each.
pub(crate) fn copy(
    world: &World,
    user: &str,
    mark: char,
    from: usize,
    to: usize,
) -> Result<Vec<Named>, Failure> {
    let originals = items_of(world, user)?;
    let suffix = originals.iter().find_map(|item| match item.get("SK") {
        Some(AttributeValue::S(sort)) => sort.strip_prefix("KEY#").map(str::to_owned),
        _ => None,
    });
    let suffix = suffix.ok_or_else(|| Failure::Fill("the original has no key".to_owned()))?;
    let database = world.stack.database().ok_or_else(|| Failure::Fill("no engine here".to_owned()))?;
    let mut copies = Vec::with_capacity(to.saturating_sub(from));
    for start in (from..to).step_by(AT_ONCE) {
        if to - from > AT_ONCE {
            progress(&format!("filling the table: {start} of {to} users"));
        }
        let users: Vec<String> =
            (start..to.min(start + AT_ONCE)).map(|number| format!("{mark}{number:011}")).collect();
        let items = users.iter().flat_map(|copy| originals.iter().map(|item| renamed(item, user, copy)));
        let stored = database.import_items("access-keys", items.collect(), ImportOptions::default());
        stored.map_err(|error| Failure::Fill(error.to_string()))?;
        copies.extend(users.into_iter().map(|user| Named { user, suffix: suffix.clone() }));
    }
    Ok(copies)
}

fn items_of(world: &World, user: &str) -> Result<Vec<Item>, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Fill(error.to_string());
    let database = world.stack.database().ok_or_else(|| Failure::Fill("no engine here".to_owned()))?;
    let request = json!({
        "TableName": "access-keys",
        "KeyConditionExpression": "PK = :partition",
        "ExpressionAttributeValues": {":partition": {"S": format!("USER#{user}")}},
    });
    let request = serde_json::from_value(request).map_err(|error| failed(&error))?;
    Ok(database.query(request).map_err(|error| failed(&error))?.items.unwrap_or_default())
}

fn renamed(item: &Item, from: &str, to: &str) -> Item {
    item.iter().map(|(name, value)| (name.clone(), renamed_value(value, from, to))).collect()
}

fn renamed_value(value: &AttributeValue, from: &str, to: &str) -> AttributeValue {
    match value {
        AttributeValue::S(text) if text.contains(from) => AttributeValue::S(text.replace(from, to)),
        AttributeValue::M(members) => AttributeValue::M(renamed(members, from, to)),
        other => other.clone(),
    }
}
