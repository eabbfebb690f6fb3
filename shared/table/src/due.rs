use std::collections::HashSet;

use domain::{
    Time,
    access_key::AccessKey,
    id::{KeyId, OrganizationId, UserId},
    organization::Organization,
    user::User,
};
use serde::de::DeserializeOwned;

use crate::{
    Error, Table,
    batch::BATCH,
    item::{Item, decode, key_of, number, text},
    key::{self, DueItem},
};

/// An entry of the `due` index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// What it stands for.
    pub item: DueItem,
    /// Since when something is to be done for it, as the index had it.
    pub due_at: Time,
}

/// A key with what is left of its user, as one strongly consistent read found them.
#[derive(Debug, Clone)]
pub struct DueKey {
    /// The key.
    pub key: AccessKey,
    /// Its user; `None` if it is gone.
    pub user: Option<User>,
}

impl Table {
    /// Lists what is due at `now` in one part of the `due` index, the longest due first, up to `most`.
    ///
    /// The index is a moment behind: read what it names before anything is done for it.
    pub async fn due(&self, shard: u32, now: Time, most: usize) -> Result<Vec<Due>, Error> {
        let mut items = self
            .client
            .query()
            .table_name(&self.name)
            .index_name("due")
            .key_condition_expression("due_shard = :shard AND due_at <= :now")
            .expression_attribute_values(":shard", text(key::shard(shard)))
            .expression_attribute_values(":now", number(now.seconds()))
            .into_paginator()
            .items()
            .send();
        let mut found = Vec::new();
        while found.len() < most
            && let Some(item) = items.next().await
        {
            let item = item.map_err(|error| Error::failed("Query", error))?;
            found.extend(due_entry(&item));
        }
        Ok(found)
    }

    /// Reads keys with their users, strongly and in order; keys that are gone are left out.
    ///
    /// At most 50 at once. An item that cannot be read does not keep the others from being read.
    pub async fn due_keys(&self, key_ids: &[KeyId]) -> Result<Vec<Result<DueKey, Error>>, Error> {
        let places = key_ids.iter().map(|id| (key::access_key(*id), key::user(id.user_id())));
        // Two keys of one user name it once: DynamoDB refuses a batch that names an item twice.
        let wanted: HashSet<_> = places.clone().flat_map(|(key, user)| [key, user]).collect();
        let found = self.batch(wanted).await?;
        let read = |key: &Item, user: Option<&Item>| {
            Ok(DueKey {
                key: decode("access key", key.clone())?,
                user: user.map(|user| decode("user", user.clone())).transpose()?,
            })
        };
        Ok(places.filter_map(|(key, user)| Some(read(found.get(&key)?, found.get(&user)))).collect())
    }

    /// Reads users, strongly; those that are gone are left out.
    ///
    /// An item that cannot be read does not keep the others from being read.
    pub async fn users_by_id(&self, user_ids: &[UserId]) -> Result<Vec<Result<User, Error>>, Error> {
        self.each("user", user_ids.iter().map(|id| key::user(*id))).await
    }

    /// Reads organizations, strongly; those that are gone are left out.
    ///
    /// An item that cannot be read does not keep the others from being read.
    pub async fn organizations_by_id(
        &self,
        organization_ids: &[OrganizationId],
    ) -> Result<Vec<Result<Organization, Error>>, Error> {
        self.each("organization", organization_ids.iter().map(|id| key::organization(*id))).await
    }

    async fn each<T: DeserializeOwned>(
        &self,
        what: &'static str,
        keys: impl Iterator<Item = key::Key>,
    ) -> Result<Vec<Result<T, Error>>, Error> {
        let keys: Vec<_> = keys.collect();
        let mut read = Vec::with_capacity(keys.len());
        for keys in keys.chunks(BATCH) {
            let found = self.batch(keys.iter().cloned()).await?;
            read.extend(found.into_values().map(|item| decode(what, item)));
        }
        Ok(read)
    }
}

fn due_entry(item: &Item) -> Option<Due> {
    let due_at: i64 = item.get("due_at")?.as_n().ok()?.parse().ok()?;
    Some(Due { item: key::due_item(&key_of(item)?)?, due_at: Time::from_seconds(due_at) })
}
