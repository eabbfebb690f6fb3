//! Reads and writes the items of the table.

use std::collections::HashMap;

use local::dynoxide::{AttributeValue, ImportOptions, actions::scan::ScanRequest};
use serde_json::{Map, Value};

use crate::World;

/// A stored item as plain JSON.
pub type Item = Map<String, Value>;

impl World {
    /// Returns the name of the table.
    pub(crate) fn table(&self) -> String {
        self.stack.environment()["TABLE_NAME"].clone()
    }

    /// Reads every item of the table.
    ///
    /// # Panics
    /// When the engine is not in this process, or fails.
    #[must_use]
    pub fn items(&self) -> Vec<Item> {
        let database = self.stack.database().expect("the engine is in this process");
        let mut items = Vec::new();
        let mut start = None;
        loop {
            let request = ScanRequest {
                table_name: self.table(),
                exclusive_start_key: start.take(),
                ..ScanRequest::default()
            };
            let page = database.scan(request).expect("the table can be read");
            items.extend(page.items.unwrap_or_default().into_iter().map(without_types));
            start = page.last_evaluated_key;
            if start.is_none() {
                return items;
            }
        }
    }

    /// Reads the items whose sort key starts so.
    #[must_use]
    pub fn items_of(&self, sort_key: &str) -> Vec<Item> {
        let starts = |item: &Item| item["SK"].as_str().is_some_and(|sort| sort.starts_with(sort_key));
        self.items().into_iter().filter(starts).collect()
    }

    /// Reads one item.
    ///
    /// # Panics
    /// When the engine is not in this process, or fails.
    #[must_use]
    pub fn item(&self, partition: &str, sort_key: &str) -> Option<Item> {
        self.partition(partition, (sort_key, sort_key)).pop()
    }

    /// Reads the items of a partition whose sort keys lie from the first to the last of these.
    ///
    /// # Panics
    /// When the engine is not in this process, or fails.
    #[must_use]
    pub fn partition(&self, partition: &str, (first, last): (&str, &str)) -> Vec<Item> {
        let request = serde_json::json!({
            "TableName": self.table(), "KeyConditionExpression": "PK = :partition AND SK BETWEEN :first AND :last",
            "ExpressionAttributeValues": {":partition": {"S": partition}, ":first": {"S": first}, ":last": {"S": last}},
        });
        self.query(request.to_string().as_bytes())
    }

    /// Asks a query, as its request was recorded, and returns what it answers.
    ///
    /// # Panics
    /// When it is none or finds more than a page, when the engine is not in this process, and when it fails.
    #[must_use]
    pub fn query(&self, request: &[u8]) -> Vec<Item> {
        let database = self.stack.database().expect("the engine is in this process");
        let request = serde_json::from_slice(request).expect("the query is well-formed");
        let page = database.query(request).expect("the table can be read");
        assert!(page.last_evaluated_key.is_none(), "more than one page");
        page.items.unwrap_or_default().into_iter().map(without_types).collect()
    }

    /// Stores an item, written in `DynamoDB`'s own JSON.
    ///
    /// # Panics
    /// When it is none, and when the engine fails.
    pub fn put(&self, item: &Value) {
        let database = self.stack.database().expect("the engine is in this process");
        let request = serde_json::json!({"TableName": self.table(), "Item": item});
        let request = serde_json::from_value(request).expect("the item is well-formed");
        database.put_item(request).expect("the item can be stored");
    }

    /// Stores many items, written in `DynamoDB`'s own JSON, at once.
    ///
    /// # Panics
    /// When one is none, and when the engine fails.
    pub fn put_all(&self, items: impl IntoIterator<Item = Value>) {
        let database = self.stack.database().expect("the engine is in this process");
        let item = |item| serde_json::from_value(item).expect("the item is well-formed");
        let items = items.into_iter().map(item).collect();
        let stored = database.import_items(&self.table(), items, ImportOptions::default());
        stored.expect("the items can be stored");
    }

    /// Removes an item, as its reader or its TTL may.
    ///
    /// # Panics
    /// When the engine fails.
    pub fn remove(&self, item: &Item) {
        let database = self.stack.database().expect("the engine is in this process");
        let key = serde_json::json!({"PK": {"S": item["PK"]}, "SK": {"S": item["SK"]}});
        let request = serde_json::json!({"TableName": self.table(), "Key": key});
        let request = serde_json::from_value(request).expect("the key is well-formed");
        database.delete_item(request).expect("the item can be removed");
    }

    /// Lets the leases of mails and of messages to former addresses end, as time would.
    ///
    /// # Panics
    /// When the engine fails.
    pub fn end_leases(&self) {
        let all = ["MAIL#", "PARTING#"].into_iter().flat_map(|kind| self.items_of(kind));
        for leased in all.filter(|item| item.contains_key("lease_ends_at")) {
            self.set(key_of(&leased), "lease_ends_at", &serde_json::json!({"N": "0"}));
        }
    }

    /// Sets an attribute of an item to a value in `DynamoDB`'s own JSON.
    ///
    /// # Panics
    /// When the engine fails.
    pub fn set(&self, key: (&str, &str), attribute: &str, value: &Value) {
        self.update(key, "SET #attribute = :value", attribute, value);
    }

    /// Changes an item by an expression with `#attribute` and `:value`, which is in `DynamoDB`'s own JSON.
    ///
    /// # Panics
    /// When the expression is none, and when the engine fails.
    pub fn update(&self, (partition, sort): (&str, &str), expression: &str, attribute: &str, value: &Value) {
        let database = self.stack.database().expect("the engine is in this process");
        let update = serde_json::json!({
            "TableName": self.table(), "Key": {"PK": {"S": partition}, "SK": {"S": sort}},
            "UpdateExpression": expression, "ExpressionAttributeNames": {"#attribute": attribute},
            "ExpressionAttributeValues": {":value": value},
        });
        let update = serde_json::from_value(update).expect("the update is well-formed");
        database.update_item(update).expect("the item can be changed");
    }

    /// Reads the audit events of an action, oldest first.
    #[must_use]
    pub fn audit(&self, action: &str) -> Vec<Item> {
        let mut events: Vec<Item> = self
            .items()
            .into_iter()
            .filter(|item| item.get("action").is_some_and(|named| named == action))
            .collect();
        events.sort_by_key(|event| event["SK"].to_string());
        events
    }
}

/// Returns the primary key of an item.
///
/// # Panics
/// When it has none.
#[must_use]
pub fn key_of(item: &Item) -> (&str, &str) {
    let part = |name: &str| item[name].as_str().expect("a key is text");
    (part("PK"), part("SK"))
}

fn without_types(item: HashMap<String, AttributeValue>) -> Item {
    item.into_iter().map(|(name, value)| (name, json(value))).collect()
}

fn json(value: AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => Value::String(text),
        AttributeValue::N(number) => serde_json::from_str(&number).unwrap_or(Value::String(number)),
        AttributeValue::BOOL(truth) => Value::Bool(truth),
        AttributeValue::NULL(_) => Value::Null,
        AttributeValue::M(members) => members.into_iter().map(|(name, value)| (name, json(value))).collect(),
        AttributeValue::L(items) => items.into_iter().map(json).collect(),
        AttributeValue::SS(texts) | AttributeValue::NS(texts) => {
            texts.into_iter().map(Value::String).collect()
        }
        AttributeValue::B(_) | AttributeValue::BS(_) => Value::String("bytes".to_owned()),
    }
}
