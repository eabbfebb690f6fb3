use std::collections::HashSet;

use domain::{
    Time,
    access_key::AccessKey,
    id::{KeyId, OrganizationId},
    user::User,
};

use crate::{
    Error, AccessKeyFilter, KeyWithUser, Page, Table,
    batch::BATCH,
    item::{decode, text},
    key,
};

/// A key with its place in the index by expiry.
type Placed = (String, KeyWithUser);

impl Table {
    /// Lists the keys of a user by expiry, strongly; `after` is the `next` of the page before.
    ///
    /// Reads all keys of the user, however few are asked for: quotas keep them few.
    pub async fn access_keys_of(
        &self,
        user: &User,
        filter: &AccessKeyFilter,
        now: Time,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<AccessKey>, Error> {
        let items = self
            .query_strongly("PK = :partition AND begins_with(SK, :keys)", key::user_partition(user.user_id))
            .expression_attribute_values(":keys", text(key::ACCESS_KEYS))
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(|error| Error::failed("Query", error))?;
        let mut keys: Vec<AccessKey> =
            items.into_iter().map(|item| decode("access key", item)).collect::<Result<_, _>>()?;
        keys.retain(|key| filter.admits(key, user.kind, now));
        let place = |key: &AccessKey| key::by_expiry(key.expires_at, key.key_id);
        keys.sort_by_cached_key(place);
        keys.retain(|key| after.is_none_or(|after| place(key).as_str() > after));
        let more = keys.len() > limit;
        keys.truncate(limit);
        let next = more.then(|| keys.last().map(place)).flatten();
        Ok(Page { items: keys, next })
    }

    /// Lists the keys of an organization with their users, by expiry.
    ///
    /// `after` is the `next` of the page before. What expiry decides of `filter` narrows the query, the
    /// rest is left out after reading, ten times a query and a batch at most. So a page may be short,
    /// or empty, and not be the last.
    pub async fn access_keys(
        &self,
        organization_id: OrganizationId,
        filter: &AccessKeyFilter,
        now: Time,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<KeyWithUser>, Error> {
        let (mut found, mut after) = (Vec::<Placed>::new(), after.map(str::to_owned));
        let rounds = filter.rounds();
        let examined = if rounds == 1 { limit } else { BATCH };
        for _ in 0..rounds {
            let round = self.placed_keys(organization_id, filter, now, after.as_deref(), examined).await?;
            let asked_for = |(_, found): &Placed| filter.admits(&found.key, found.user.kind, now);
            found.extend(round.items.into_iter().filter(asked_for));
            after = round.next;
            if found.len() > limit {
                found.truncate(limit);
                after = found.last().map(|(place, _)| place.clone());
            }
            if found.len() == limit || after.is_none() {
                break;
            }
        }
        Ok(Page { items: found.into_iter().map(|(_, found)| found).collect(), next: after })
    }

    /// Reads the keys at the next `limit` places of the index, or at fewer where they and their users
    /// would not fit one batch.
    async fn placed_keys(
        &self,
        organization_id: OrganizationId,
        filter: &AccessKeyFilter,
        now: Time,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<Placed>, Error> {
        let Some((first, last)) = filter.places(now).filter(|(_, last)| after < Some(last)) else {
            return Ok(Page { items: Vec::new(), next: None });
        };
        // The place before may lie before the first one, which moves with the time.
        let start = after.filter(|after| *after > first.as_str()).and_then(|sort| {
            let key_id = KeyId::parse(sort.rsplit('#').next()?).ok()?;
            Some((sort.to_owned(), key::access_key(key_id)))
        });
        let partition = key::access_keys_partition(organization_id);
        let places = self.index_page(partition, Some((&first, &last)), start, limit).await?;
        let mut wanted = HashSet::new();
        let mut entries = Vec::with_capacity(places.entries.len());
        let read = places.entries.len();
        for (sort, key) in places.entries {
            let user = user_beside(&key);
            let further = usize::from(!wanted.contains(&user)) + 1;
            if wanted.len() + further > BATCH {
                break;
            }
            wanted.extend([key.clone(), user]);
            entries.push((sort, key));
        }
        let more = places.more || entries.len() < read;
        let next = more.then(|| entries.last().map(|(sort, _)| sort.clone())).flatten();
        let found = self.batch(wanted).await?;
        let mut items = Vec::with_capacity(entries.len());
        for (sort, place) in entries {
            // Deleted since the index was written: gone from the list as well.
            let (Some(key), Some(user)) = (found.get(&place), found.get(&user_beside(&place))) else {
                continue;
            };
            let key = decode("access key", key.clone())?;
            items.push((sort, KeyWithUser { key, user: decode("user", user.clone())? }));
        }
        Ok(Page { items, next })
    }
}

fn user_beside(key: &key::Key) -> key::Key {
    key::Key { pk: key.pk.clone(), sk: key::USER.to_owned() }
}
