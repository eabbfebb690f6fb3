//! Pages of index queries.

use aws_sdk_dynamodb::types::AttributeValue;

use crate::{
    Error, Table,
    item::{Item, key_of, primary, text},
    item_key::ItemKey,
};

/// One page of a list whose positions are `P`.
#[derive(Debug, Clone)]
pub struct Page<T, P> {
    /// Its items, in order.
    pub items: Vec<T>,
    /// The position after which the next page starts; `None` on the last.
    pub next: Option<P>,
}

/// A page of index entries.
pub(crate) struct IndexEntries {
    /// The sort key in the index and the key of the item, for each entry.
    pub(crate) entries: Vec<(String, ItemKey)>,
    /// Whether there are more.
    pub(crate) more: bool,
}

impl Table {
    /// Reads up to `limit` entries of a partition of `GSI1`, in order, after the entry `after`.
    ///
    /// Reads only sort keys in the range `within`, which must contain `after`.
    pub(crate) async fn index_page(
        &self,
        partition: String,
        within: Option<(&str, &str)>,
        after: Option<(String, ItemKey)>,
        limit: usize,
    ) -> Result<IndexEntries, Error> {
        let start = after.map(|(sort, key)| {
            let mut start = primary(key);
            start.insert("GSI1PK".to_owned(), text(&partition));
            start.insert("GSI1SK".to_owned(), text(sort));
            start
        });
        let query = self.client.query().table_name(&self.name).index_name("GSI1");
        let query = match within {
            Some((first, last)) => query
                .key_condition_expression("GSI1PK = :partition AND GSI1SK BETWEEN :first AND :last")
                .expression_attribute_values(":first", text(first))
                .expression_attribute_values(":last", text(last)),
            None => query.key_condition_expression("GSI1PK = :partition"),
        };
        let answer = query
            .expression_attribute_values(":partition", text(&partition))
            .set_exclusive_start_key(start)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| Error::failed("Query", error))?;
        let place = |item: &Item| {
            let sort = item.get("GSI1SK").and_then(|sort: &AttributeValue| sort.as_s().ok()).cloned()?;
            Some((sort, key_of(item)?))
        };
        Ok(IndexEntries {
            more: answer.last_evaluated_key.is_some(),
            entries: answer.items().iter().filter_map(place).collect(),
        })
    }
}
