//! Lists of access keys: those of a user by key id, those of an organization by expiry.

use std::{collections::HashSet, fmt};

use domain::{
    Time,
    access_key::AccessKey,
    id::{KeyId, KeySuffix, OrganizationId},
    user::{Status, User},
};

use crate::{
    AccessKeyFilter, Error, KeyWithUser, Page, Table,
    batch::BATCH_SIZE,
    item::{decode, key_of, primary, text},
    item_key,
    page::MAX_ROUNDS,
};

/// A key with its sort key in the index.
type Indexed = (String, KeyWithUser);

/// A position in the list of an organization's keys: after one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessKeyPosition {
    expires_at: Option<Time>,
    key_id: KeyId,
}

impl AccessKeyPosition {
    /// Returns the key.
    #[must_use]
    pub(crate) const fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// Reads a position as [`Display`](fmt::Display) writes it; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        item_key::read_by_expiry(text).map(|(expires_at, key_id)| Self { expires_at, key_id })
    }
}

impl fmt::Display for AccessKeyPosition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&item_key::by_expiry(self.expires_at, self.key_id))
    }
}

impl Table {
    /// Lists the keys of a user by key id, strongly; `after` is the `next` of the page before.
    ///
    /// The filter applies after reading, with at most ten queries. So a page may be short or empty without
    /// being the last.
    pub async fn access_keys_of(
        &self,
        user: &User,
        filter: &AccessKeyFilter,
        now: Time,
        mut after: Option<KeySuffix>,
        limit: usize,
    ) -> Result<Page<AccessKey, KeySuffix>, Error> {
        // One key more than the page tells whether it is the last.
        let examined = if *filter == AccessKeyFilter::default() { limit + 1 } else { BATCH_SIZE };
        let mut found: Vec<AccessKey> = Vec::new();
        for _ in 0..MAX_ROUNDS {
            let start = after.map(|suffix| primary(item_key::access_key(KeyId::new(user.user_id, suffix))));
            let condition = "PK = :partition AND begins_with(SK, :keys)";
            let answer = self
                .query_strongly(condition, item_key::user_partition(user.user_id))
                .expression_attribute_values(":keys", text(item_key::ACCESS_KEYS))
                .set_exclusive_start_key(start)
                .limit(i32::try_from(examined).unwrap_or(i32::MAX))
                .send()
                .await
                .map_err(|error| Error::failed("Query", error))?;
            let reached = answer.last_evaluated_key.as_ref().and_then(key_of);
            after =
                reached.and_then(|key| KeySuffix::parse(key.sk.strip_prefix(item_key::ACCESS_KEYS)?).ok());
            for item in answer.items.unwrap_or_default() {
                let key: AccessKey = decode("access key", item)?;
                if filter.admits(&key, user.kind, now) && !self.is_forgotten(&key, now) {
                    found.push(key);
                }
            }
            if found.len() > limit {
                found.truncate(limit);
                after = found.last().map(|key| key.key_id.suffix());
            }
            if found.len() == limit || after.is_none() {
                break;
            }
        }
        Ok(Page { items: found, next: after })
    }

    /// Lists the keys of an organization with their users, by expiry.
    ///
    /// `after` is the `next` of the page before. The query covers the filter's range of expiry; the rest of
    /// the filter applies after reading, with at most ten queries and batches. So a page may be short or
    /// empty without being the last.
    pub async fn access_keys(
        &self,
        organization_id: OrganizationId,
        filter: &AccessKeyFilter,
        now: Time,
        mut after: Option<AccessKeyPosition>,
        limit: usize,
    ) -> Result<Page<KeyWithUser, AccessKeyPosition>, Error> {
        let mut found = Vec::<Indexed>::new();
        let max_rounds = filter.max_rounds();
        let examined = if max_rounds == 1 { limit } else { BATCH_SIZE };
        for _ in 0..max_rounds {
            let read = self.indexed_keys(organization_id, filter, now, after, examined).await?;
            let matches = |(_, found): &Indexed| filter.admits(&found.key, found.user.kind, now);
            found.extend(read.items.into_iter().filter(matches));
            after = read.next;
            if found.len() > limit {
                found.truncate(limit);
                after = found.last().and_then(|(sort, _)| AccessKeyPosition::parse(sort));
            }
            if found.len() == limit || after.is_none() {
                break;
            }
        }
        Ok(Page { items: found.into_iter().map(|(_, found)| found).collect(), next: after })
    }

    /// Reads the keys of the next `limit` index entries, or of fewer where keys and users do not fit one batch.
    async fn indexed_keys(
        &self,
        organization_id: OrganizationId,
        filter: &AccessKeyFilter,
        now: Time,
        after: Option<AccessKeyPosition>,
        limit: usize,
    ) -> Result<Page<Indexed, AccessKeyPosition>, Error> {
        let after = after.map(|position| (position.to_string(), item_key::access_key(position.key_id)));
        let ends_before = |last: &String| after.as_ref().is_some_and(|(sort, _)| sort >= last);
        let Some((first, last)) = filter.index_range(now).filter(|(_, last)| !ends_before(last)) else {
            return Ok(Page { items: Vec::new(), next: None });
        };
        // The entry before may lie before the range, whose start moves with time.
        let start = after.filter(|(sort, _)| *sort > first);
        let partition = item_key::access_keys_partition(organization_id);
        let page = self.index_page(partition, Some((&first, &last)), start, limit).await?;
        let mut wanted = HashSet::new();
        let mut entries = Vec::with_capacity(page.entries.len());
        let read = page.entries.len();
        for (sort, key) in page.entries {
            let user = user_beside(&key);
            let further = usize::from(!wanted.contains(&user)) + 1;
            if wanted.len() + further > BATCH_SIZE {
                break;
            }
            wanted.extend([key.clone(), user]);
            entries.push((sort, key));
        }
        let more = page.more || entries.len() < read;
        let next = entries.last().filter(|_| more).and_then(|(sort, _)| AccessKeyPosition::parse(sort));
        let found = self.batch(wanted).await?;
        let mut items = Vec::with_capacity(entries.len());
        for (sort, place) in entries {
            // Deleted since the index was written: gone from the list as well.
            let (Some(key), Some(user)) = (found.get(&place), found.get(&user_beside(&place))) else {
                continue;
            };
            let key: AccessKey = decode("access key", key.clone())?;
            let user: User = decode("user", user.clone())?;
            // The deletion of the user may have been interrupted. Its keys are gone all the same.
            if user.status != Status::Deleted && !self.is_forgotten(&key, now) {
                items.push((sort, KeyWithUser { key, user }));
            }
        }
        Ok(Page { items, next })
    }
}

fn user_beside(key: &item_key::ItemKey) -> item_key::ItemKey {
    item_key::ItemKey { pk: key.pk.clone(), sk: item_key::USER.to_owned() }
}
