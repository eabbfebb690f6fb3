//! Stored items: encoding, decoding and single reads.

use std::collections::HashMap;

use aws_sdk_dynamodb::{operation::query::builders::QueryFluentBuilder, types::AttributeValue};
use serde::{Serialize, de::DeserializeOwned};
use serde_dynamo::aws_sdk_dynamodb_1::{from_item, to_item};

use crate::{Error, Table, item_key::ItemKey};

/// A stored item, attribute by attribute.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// Writes an entity as an item.
pub(crate) fn encode(key: ItemKey, entity: &impl Serialize) -> Item {
    let mut item: Item = to_item(entity).expect("entities are maps with text keys, which DynamoDB can hold");
    item.extend(primary(key));
    item
}

/// Adds the item's key in `GSI1`.
pub(crate) fn indexed(mut item: Item, place: ItemKey) -> Item {
    item.insert("GSI1PK".to_owned(), text(place.pk));
    item.insert("GSI1SK".to_owned(), text(place.sk));
    item
}

/// Reads an item as an entity.
pub(crate) fn decode<T: DeserializeOwned>(what: &'static str, item: Item) -> Result<T, Error> {
    from_item(item).map_err(Error::corrupt(what))
}

/// Returns the key attributes of an item.
pub(crate) fn primary(key: ItemKey) -> Item {
    Item::from([("PK".to_owned(), text(key.pk)), ("SK".to_owned(), text(key.sk))])
}

/// Returns the key of an item of the table or of an index.
pub(crate) fn key_of(item: &Item) -> Option<ItemKey> {
    let part = |name| item.get(name)?.as_s().ok().cloned();
    Some(ItemKey { pk: part("PK")?, sk: part("SK")? })
}

/// Makes a text attribute.
pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// Makes a number attribute.
pub(crate) fn number(value: impl Into<i128>) -> AttributeValue {
    AttributeValue::N(value.into().to_string())
}

impl Table {
    /// Reads one item, strongly.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        what: &'static str,
        key: ItemKey,
    ) -> Result<Option<T>, Error> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(primary(key)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| Error::failed("GetItem", error))?;
        answer.item.map(|item| decode(what, item)).transpose()
    }

    /// Starts a strongly consistent query; `condition` refers to the partition as `:partition`.
    pub(crate) fn query_strongly(&self, condition: &str, partition: String) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.name)
            .key_condition_expression(condition)
            .expression_attribute_values(":partition", text(partition))
            .consistent_read(true)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::num::NonZeroU32;

    use aws_sdk_dynamodb::{Client, Config, config::BehaviorVersion};
    use domain::{access_key::AccessKey, organization::Organization, user::User};

    use super::*;

    /// Makes a table that no test may call.
    pub(crate) fn offline() -> Table {
        let config = Config::builder().behavior_version(BehaviorVersion::latest()).build();
        let settings =
            crate::Settings { due_shards: const { NonZeroU32::new(4).unwrap() }, audit_retention_days: 400 };
        Table::new(Client::from_conf(config), "table".to_owned(), settings)
    }

    /// Names every attribute of an item, in order.
    pub(crate) fn attributes(item: &Item) -> Vec<&str> {
        let mut names: Vec<_> = item.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    /// Reads an item and writes it again; `None` if it is no item of this type.
    fn rewritten<T: Serialize + DeserializeOwned>(item: Item) -> Option<Item> {
        let entity: T = decode("item", item).ok()?;
        Some(to_item(&entity).unwrap())
    }

    /// Plays JSON objects as items, whose attributes are the members.
    fn fuzzed<T: Serialize + DeserializeOwned>(target: &'static str) {
        let target = fuzz::documents(target);
        let whole: Item = to_item(target.first()).unwrap();
        let attributes: Vec<_> = whole.into_keys().collect();
        target.play(|text| {
            let document: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
            let Ok(item) = to_item(&document) else { return false };
            let Some(written) = rewritten::<T>(item.clone()) else { return false };
            for (name, read) in attributes.iter().filter_map(|name| Some((name, item.get(name)?))) {
                let is_nothing =
                    matches!(read, AttributeValue::Null(_)) || read.as_l().is_ok_and(Vec::is_empty);
                assert!(is_nothing || written.contains_key(name), "{name} is lost");
            }
            assert_eq!(rewritten::<T>(written.clone()), Some(written));
            true
        });
    }

    #[test]
    fn fuzzed_users_are_read_as_they_are_written() {
        fuzzed::<User>("stored_user");
    }

    #[test]
    fn fuzzed_keys_are_read_as_they_are_written() {
        fuzzed::<AccessKey>("stored_key");
    }

    #[test]
    fn fuzzed_organizations_are_read_as_they_are_written() {
        fuzzed::<Organization>("stored_organization");
    }
}
