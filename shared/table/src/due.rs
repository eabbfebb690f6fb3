//! The `due` index: items for which a run of notify-expiring-keys has work.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    mem,
};

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
    batch::BATCH_SIZE,
    item::{Item, decode, key_of, number, text},
    item_key::{self, DueItem, ItemKey},
};

/// An entry of the `due` index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The item.
    pub item: DueItem,
    /// Its organization.
    pub organization_id: OrganizationId,
    /// When it became due, according to the index.
    pub due_at: Time,
}

/// A key and its user, from one strongly consistent read.
#[derive(Debug, Clone)]
pub struct DueKey {
    /// The key.
    pub key: AccessKey,
    /// When it is due; `None` if it has no further notice.
    pub due_at: Option<Time>,
    /// Its user; `None` if it is removed.
    pub user: Option<User>,
}

/// A record that a run reads by its place: a mail, or a message that waits.
pub trait DueRecord: DeserializeOwned {
    /// Whose it is, and its id.
    type Place: Copy + Eq + Hash;

    /// Its name in errors.
    const NAME: &'static str;

    /// Returns the key of the record of a place.
    fn key_of(place: Self::Place) -> ItemKey;
}

impl Table {
    /// Returns the shard of an organization in the `due` index.
    pub(crate) fn shard_of(&self, organization_id: OrganizationId) -> String {
        item_key::due_shard(organization_id, self.settings.due_shards)
    }

    /// Puts an item of an organization in the `due` index at `due_at`.
    pub(crate) fn due_from(&self, item: &mut Item, organization_id: OrganizationId, due_at: Time) {
        item.insert("due_shard".to_owned(), text(self.shard_of(organization_id)));
        item.insert("due_at".to_owned(), number(due_at.seconds()));
    }

    /// Reads the entries of one shard of the `due` index that are due at `now`, the longest due first, and calls
    /// `visit` with each.
    ///
    /// The index lags behind the table: read an item before you act on its entry.
    pub async fn due(&self, shard: u32, now: Time, mut visit: impl FnMut(Due)) -> Result<(), Error> {
        let mut items = self
            .client
            .query()
            .table_name(&self.name)
            .index_name("due")
            .key_condition_expression("due_shard = :shard AND due_at <= :now")
            .expression_attribute_values(":shard", text(item_key::shard(shard)))
            .expression_attribute_values(":now", number(now.seconds()))
            .into_paginator()
            .items()
            .send();
        while let Some(item) = items.next().await {
            let item = item.map_err(|error| Error::failed("Query", error))?;
            if let Some(due) = due_entry(&item) {
                visit(due);
            }
        }
        Ok(())
    }

    /// Counts the keys of one shard that expire after `now` and until `until`, among those with a notice to come until
    /// then. It reads eventually: the number is for people.
    pub async fn count_expiring(&self, shard: u32, now: Time, until: Time) -> Result<u64, Error> {
        let mut items = self
            .client
            .query()
            .table_name(&self.name)
            .index_name("due")
            .key_condition_expression("due_shard = :shard AND due_at BETWEEN :now AND :until")
            .expression_attribute_values(":shard", text(item_key::shard(shard)))
            .expression_attribute_values(":now", number(now.seconds()))
            .expression_attribute_values(":until", number(until.seconds()))
            .into_paginator()
            .items()
            .send();
        let (mut count, mut places) = (0, HashSet::new());
        while let Some(item) = items.next().await {
            let item = item.map_err(|error| Error::failed("Query", error))?;
            if let Some(Due { item: DueItem::AccessKey(key_id), .. }) = due_entry(&item) {
                places.insert(item_key::access_key(key_id));
            }
            if places.len() == BATCH_SIZE {
                count += self.count_expiring_of(mem::take(&mut places), now, until).await?;
            }
        }
        Ok(count + self.count_expiring_of(places, now, until).await?)
    }

    async fn count_expiring_of(
        &self,
        places: HashSet<ItemKey>,
        now: Time,
        until: Time,
    ) -> Result<u64, Error> {
        let found = self.batch_eventually(places).await?;
        Ok(found.values().map(|item| u64::from(expires_after(item, now, until))).sum())
    }

    /// Reads keys with their users, strongly; missing ones are absent from the result.
    ///
    /// At most 50 at once. A key or user that cannot be decoded is an error of its own, so that it is
    /// not taken for a missing one.
    pub async fn due_keys(&self, key_ids: &[KeyId]) -> Result<HashMap<KeyId, Result<DueKey, Error>>, Error> {
        let places = key_ids.iter().map(|id| (*id, item_key::access_key(*id), item_key::user(id.user_id())));
        // Two keys of one user name it once: DynamoDB refuses a batch that names an item twice.
        let wanted: HashSet<_> = places.clone().flat_map(|(_, key, user)| [key, user]).collect();
        let found = self.batch(wanted).await?;
        let read = |key: &Item, user: Option<&Item>| {
            Ok(DueKey {
                due_at: due_at(key),
                key: decode("access key", key.clone())?,
                user: user.map(|user| decode("user", user.clone())).transpose()?,
            })
        };
        Ok(places
            .filter_map(|(id, key, user)| Some((id, read(found.get(&key)?, found.get(&user)))))
            .collect())
    }

    /// Reads records, strongly; missing ones are absent from the result.
    ///
    /// One that cannot be decoded is an error of its own, so that it is not taken for a missing one.
    pub async fn due_records<T: DueRecord>(
        &self,
        places: &[T::Place],
    ) -> Result<HashMap<T::Place, Result<T, Error>>, Error> {
        self.each(T::NAME, places, T::key_of).await
    }

    /// Reads users, strongly; missing ones are absent from the result.
    ///
    /// An item that cannot be decoded is an error of its own, so that it is not taken for a missing one.
    pub async fn users_by_id(
        &self,
        user_ids: &[UserId],
    ) -> Result<HashMap<UserId, Result<User, Error>>, Error> {
        self.each("user", user_ids, item_key::user).await
    }

    /// Reads organizations, strongly; missing ones are absent from the result.
    ///
    /// An item that cannot be decoded is an error of its own, so that it is not taken for a missing one.
    pub async fn organizations_by_id(
        &self,
        organization_ids: &[OrganizationId],
    ) -> Result<HashMap<OrganizationId, Result<Organization, Error>>, Error> {
        self.each("organization", organization_ids, item_key::organization).await
    }

    pub(crate) async fn each<I: Copy + Eq + Hash, T: DeserializeOwned>(
        &self,
        what: &'static str,
        ids: &[I],
        place: impl Fn(I) -> ItemKey,
    ) -> Result<HashMap<I, Result<T, Error>>, Error> {
        let mut read = HashMap::with_capacity(ids.len());
        // DynamoDB refuses a batch that names an item twice.
        let ids: Vec<I> = ids.iter().copied().collect::<HashSet<_>>().into_iter().collect();
        for ids in ids.chunks(BATCH_SIZE) {
            let mut found = self.batch(ids.iter().map(|id| place(*id))).await?;
            let items = ids.iter().filter_map(|id| Some((*id, found.remove(&place(*id))?)));
            read.extend(items.map(|(id, item)| (id, decode(what, item))));
        }
        Ok(read)
    }
}

fn due_at(item: &Item) -> Option<Time> {
    Some(Time::from_seconds(item.get("due_at")?.as_n().ok()?.parse().ok()?))
}

fn due_entry(item: &Item) -> Option<Due> {
    let due_at = due_at(item)?;
    let organization_id = OrganizationId::parse(item.get("organization_id")?.as_s().ok()?).ok()?;
    Some(Due { item: item_key::due_item(&key_of(item)?)?, organization_id, due_at })
}

/// Tells whether a key expires after `now`, and at `until` at the latest.
fn expires_after(key: &Item, now: Time, until: Time) -> bool {
    let expires_at = key.get("expires_at").and_then(|number| number.as_n().ok()?.parse::<i64>().ok());
    expires_at.is_some_and(|expires_at| (now.seconds() + 1..=until.seconds()).contains(&expires_at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_expire_soon_do_so_after_now_and_by_the_end() {
        let [now, until] = [100, 200].map(Time::from_seconds);
        for (expires_at, is_soon) in [(99, false), (100, false), (101, true), (200, true), (201, false)] {
            let key = Item::from([("expires_at".to_owned(), number(expires_at))]);
            assert_eq!(expires_after(&key, now, until), is_soon, "{expires_at}");
        }
        assert!(!expires_after(&Item::new(), now, until));
    }
}
