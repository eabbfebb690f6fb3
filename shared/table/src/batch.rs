use std::collections::HashMap;

use aws_sdk_dynamodb::types::KeysAndAttributes;

use crate::{
    Error, Table,
    item::{Item, key_of, primary},
    key::Key,
    retry::{MAX_ATTEMPTS, backoff},
};

/// The most items that one read may name.
pub(crate) const BATCH: usize = 100;

impl Table {
    /// Reads up to [`BATCH`] items, strongly; those that do not exist are absent from the answer.
    ///
    /// Keys that DynamoDB leaves unprocessed are asked for again; where it keeps leaving some, the
    /// read fails: an item that was not read is never taken for one that does not exist.
    pub(crate) async fn batch(
        &self,
        keys: impl IntoIterator<Item = Key>,
    ) -> Result<HashMap<Key, Item>, Error> {
        const OPERATION: &str = "BatchGetItem";
        let mut wanted: Vec<Item> = keys.into_iter().map(primary).collect();
        let mut found = HashMap::with_capacity(wanted.len());
        for attempt in 0..MAX_ATTEMPTS {
            if wanted.is_empty() {
                return Ok(found);
            }
            if attempt > 0 {
                backoff(attempt).await;
            }
            let request = KeysAndAttributes::builder().set_keys(Some(wanted)).consistent_read(true);
            let request = request.build().expect("keys are given");
            let answer = self
                .client
                .batch_get_item()
                .request_items(&self.name, request)
                .send()
                .await
                .map_err(|error| Error::failed(OPERATION, error))?;
            let items = answer.responses.into_iter().flat_map(HashMap::into_values).flatten();
            found.extend(items.filter_map(|item| Some((key_of(&item)?, item))));
            wanted = answer
                .unprocessed_keys
                .into_iter()
                .flat_map(HashMap::into_values)
                .flat_map(|rest| rest.keys)
                .collect();
        }
        Err(Error::Contended { operation: OPERATION })
    }
}
