//! Batch reads that retry unprocessed keys.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{KeysAndAttributes, ReturnConsumedCapacity};

use crate::{
    Error, Table,
    item::{Item, key_of, primary},
    item_key::ItemKey,
    page_reads::PageReads,
    retry::{MAX_ATTEMPTS, backoff},
};

/// The most items of one batch read.
pub(crate) const BATCH_SIZE: usize = 100;

impl Table {
    /// Reads up to [`BATCH_SIZE`] items, strongly; missing ones are absent from the result.
    ///
    /// Retries unprocessed keys, and fails if some stay unprocessed: an unread item is never taken for a
    /// missing one.
    pub(crate) async fn batch(
        &self,
        keys: impl IntoIterator<Item = ItemKey>,
    ) -> Result<HashMap<ItemKey, Item>, Error> {
        self.read_batch(keys, true, None).await
    }

    /// Reads as [`Table::batch`] does, but with eventual consistency: at half the read units, and perhaps without
    /// the writes of the last second.
    pub(crate) async fn batch_eventually(
        &self,
        keys: impl IntoIterator<Item = ItemKey>,
    ) -> Result<HashMap<ItemKey, Item>, Error> {
        self.read_batch(keys, false, None).await
    }

    /// Reads as [`Table::batch`] does, with the consistency that is asked for, and counts the units among those of a
    /// page.
    pub(crate) async fn read_batch(
        &self,
        keys: impl IntoIterator<Item = ItemKey>,
        strongly: bool,
        mut reads: Option<&mut PageReads>,
    ) -> Result<HashMap<ItemKey, Item>, Error> {
        const OPERATION: &str = "BatchGetItem";
        let mut wanted: Vec<Item> = keys.into_iter().map(primary).collect();
        let mut found = HashMap::with_capacity(wanted.len());
        for attempt in 0..MAX_ATTEMPTS {
            if wanted.is_empty() {
                return Ok(found);
            }
            backoff(attempt).await;
            let request = KeysAndAttributes::builder().set_keys(Some(wanted)).consistent_read(strongly);
            let request = request.build().expect("keys are given");
            let answer = self
                .client
                .batch_get_item()
                .request_items(&self.name, request)
                .set_return_consumed_capacity(reads.as_ref().map(|_| ReturnConsumedCapacity::Total))
                .send()
                .await
                .map_err(|error| Error::failed(OPERATION, error))?;
            if let Some(reads) = &mut reads {
                answer.consumed_capacity().iter().for_each(|consumed| reads.add(Some(consumed)));
            }
            let items = answer.responses.into_iter().flat_map(HashMap::into_values).flatten();
            found.extend(items.filter_map(|item| Some((key_of(&item)?, item))));
            wanted = answer
                .unprocessed_keys
                .into_iter()
                .flat_map(HashMap::into_values)
                .flat_map(|rest| rest.keys)
                .collect();
        }
        if wanted.is_empty() { Ok(found) } else { Err(Error::Unprocessed { operation: OPERATION }) }
    }
}
