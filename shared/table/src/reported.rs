//! Reads for leak reports: with eventual consistency, at half the read units.
//!
//! Anybody may report anything, so a report costs a partition as little as it can. What these reads find decides
//! only which secrets are worth a strong read.

use std::{collections::HashMap, hash::Hash};

use domain::{
    access_key::AccessKey,
    id::{KeyId, UserId},
    user::User,
};
use serde::de::DeserializeOwned;

use crate::{
    Error, Table,
    batch::BATCH_SIZE,
    item::decode,
    item_key::{self, ItemKey},
};

/// What was read of each id; missing ones are absent. An item that cannot be decoded is an error of its own.
pub type Readings<I, T> = HashMap<I, Result<T, Error>>;

impl Table {
    /// Reads users with eventual consistency.
    pub async fn users_eventually(&self, ids: &[UserId]) -> Result<Readings<UserId, User>, Error> {
        self.each_eventually("user", ids, item_key::user).await
    }

    /// Reads keys with eventual consistency.
    pub async fn access_keys_eventually(&self, ids: &[KeyId]) -> Result<Readings<KeyId, AccessKey>, Error> {
        self.each_eventually("access key", ids, item_key::access_key).await
    }

    async fn each_eventually<I: Copy + Eq + Hash, T: DeserializeOwned>(
        &self,
        what: &'static str,
        ids: &[I],
        place: impl Fn(I) -> ItemKey,
    ) -> Result<Readings<I, T>, Error> {
        let mut read = HashMap::with_capacity(ids.len());
        for ids in ids.chunks(BATCH_SIZE) {
            let mut found = self.batch_eventually(ids.iter().map(|id| place(*id))).await?;
            let items = ids.iter().filter_map(|id| Some((*id, found.remove(&place(*id))?)));
            read.extend(items.map(|(id, item)| (id, decode(what, item))));
        }
        Ok(read)
    }
}
