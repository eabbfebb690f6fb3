//! Fills the table with copies of a machine and its keys: in process, and not timed.

use std::collections::HashMap;

use local::{
    Stack,
    dynoxide::{AttributeValue, Database, ImportOptions},
};
use serde_json::json;

use crate::{event::Named, failure::Failure, report::progress, world::World};

/// What is stored.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// Copies that are stored in one transaction.
const AT_ONCE: usize = 5_000;

/// A user with its keys, as they were when this was read.
#[derive(Debug)]
pub(crate) struct UserTemplate {
    user: String,
    /// The last part of one of its keys' ids.
    suffix: String,
    items: Vec<Item>,
}

/// Copies the world's original until the table holds this many keys: two for each user.
pub(crate) fn fill(world: &World, keys: usize) -> Result<Vec<Named>, Failure> {
    grow(world, 0, keys)
}

/// Copies the world's original further, from one number of keys to another.
pub(crate) fn grow(world: &World, from: usize, to: usize) -> Result<Vec<Named>, Failure> {
    UserTemplate::read(world, &world.original)?.copy(world, 'c', from / 2, to / 2)
}

impl UserTemplate {
    pub(crate) fn read(world: &World, user: &str) -> Result<Self, Failure> {
        let items = items_of(&world.stack, &format!("USER#{user}"))?;
        let suffix = items.iter().find_map(|item| match item.get("SK") {
            Some(AttributeValue::S(sort)) => sort.strip_prefix("KEY#").map(str::to_owned),
            _ => None,
        });
        let suffix = suffix.ok_or_else(|| Failure::Fill("the original has no key".to_owned()))?;
        Ok(Self { user: user.to_owned(), suffix, items })
    }

    /// Stores copies, each under a user id of its own: `mark` and its number.
    pub(crate) fn copy(
        &self,
        world: &World,
        mark: char,
        from: usize,
        to: usize,
    ) -> Result<Vec<Named>, Failure> {
        let database = database(&world.stack)?;
        let mut copies = Vec::with_capacity(to.saturating_sub(from));
        for start in (from..to).step_by(AT_ONCE) {
            if to - from > AT_ONCE {
                progress(&format!("filling the table: {start} of {to} users"));
            }
            let users: Vec<String> =
                (start..to.min(start + AT_ONCE)).map(|number| format!("{mark}{number:011}")).collect();
            let items =
                users.iter().flat_map(|copy| self.items.iter().map(|item| renamed(item, &self.user, copy)));
            let stored = database.import_items("access-keys", items.collect(), ImportOptions::default());
            stored.map_err(|error| Failure::Fill(error.to_string()))?;
            copies.extend(users.into_iter().map(|user| Named { user, suffix: self.suffix.clone() }));
        }
        Ok(copies)
    }
}

/// Reads what a partition holds.
pub(crate) fn items_of(stack: &Stack, partition: &str) -> Result<Vec<Item>, Failure> {
    let request = json!({
        "TableName": "access-keys",
        "KeyConditionExpression": "PK = :partition",
        "ExpressionAttributeValues": {":partition": {"S": partition}},
    });
    let request = serde_json::from_value(request).map_err(|error| Failure::Fill(error.to_string()))?;
    let found = database(stack)?.query(request).map_err(|error| Failure::Fill(error.to_string()))?;
    Ok(found.items.unwrap_or_default())
}

pub(crate) fn database(stack: &Stack) -> Result<&Database, Failure> {
    stack.database().ok_or_else(|| Failure::Fill("the engine is not in this process".to_owned()))
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
