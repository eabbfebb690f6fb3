//! Lists of the access keys of an organization, by expiry.

use std::collections::{HashMap, HashSet};

use domain::{
    Time,
    access_key::AccessKey,
    id::{KeyId, KeySuffix, OrganizationId},
    search::NamedId,
    user::{Status, User},
};

use crate::{
    AccessKeyFilter, AccessKeyPosition, Error, KeyWithUser, ListPosition, Page, Table,
    batch::BATCH_SIZE,
    item::{Item, decode},
    item_key::{self, ItemKey},
    page::{fill, show},
    page_reads::{PageReads, UNITS_OF_KEY, UNITS_OF_USER},
};

/// A page of keys with their users, each with its position.
type Indexed = Page<(ListPosition<AccessKeyPosition>, KeyWithUser), ListPosition<AccessKeyPosition>>;

/// The keys that a list shows.
#[derive(Debug, Clone, Copy)]
struct Scope<'a> {
    organization_id: OrganizationId,
    filter: &'a AccessKeyFilter,
    now: Time,
}

impl Table {
    /// Lists the keys of an organization with their users, by expiry.
    ///
    /// `after` is the `next` of the page before. The query covers the filter's range of expiry. Without other filters a
    /// page is one query and one strong batch. They apply after reading: keys are read eventually, and strongly only those
    /// that match, which must still match then. A page takes at most 200 read units for that. So it may be short or empty
    /// without being the last. A search starts with the keys whose id is searched for, by key id.
    pub async fn access_keys(
        &self,
        organization_id: OrganizationId,
        filter: &AccessKeyFilter,
        now: Time,
        after: Option<ListPosition<AccessKeyPosition>>,
        limit: usize,
    ) -> Result<Page<KeyWithUser, ListPosition<AccessKeyPosition>>, Error> {
        let mut reads = PageReads::new(UNITS_OF_KEY + UNITS_OF_USER);
        let scope = Scope { organization_id, filter, now };
        let read = async |after: Option<ListPosition<AccessKeyPosition>>, reads: &mut PageReads| match (
            after,
            filter.named(),
        ) {
            (None, Some(named)) => self.named_keys(scope, named, None, reads).await,
            (Some(ListPosition::Named(after)), Some(named)) => {
                self.named_keys(scope, named, Some(after), reads).await
            }
            _ => self.indexed_keys(scope, after.and_then(ListPosition::item), limit, reads).await,
        };
        if !filter.narrows_range() {
            let Page { items, next } = read(after, &mut reads).await?;
            return Ok(Page { items: items.into_iter().map(|(_, found)| found).collect(), next });
        }
        let found = fill(limit, after, &mut reads, read).await?;
        show(found, &mut reads, async |found, reads| {
            let ids: Vec<_> = found.iter().map(|(_, found)| found.key.key_id).collect();
            self.admitted_keys(&ids, filter, now, reads).await
        })
        .await
    }

    /// Reads the next keys whose id is searched for. Keys of another organization are not found.
    async fn named_keys(
        &self,
        Scope { organization_id, filter, now }: Scope<'_>,
        named: &NamedId,
        after: Option<KeySuffix>,
        reads: &mut PageReads,
    ) -> Result<Indexed, Error> {
        reads.add_units(UNITS_OF_USER);
        let user = self.user(named.user_id).await?;
        let is_here = |user: &User| user.organization_id == organization_id && user.status != Status::Deleted;
        let Some(user) = user.filter(is_here) else {
            return Ok(Page { items: Vec::new(), next: Some(ListPosition::Others) });
        };
        let page = self.named_keys_of(&user, filter, now, named, after, reads).await?;
        let with_user =
            |(suffix, key)| (ListPosition::Named(suffix), KeyWithUser { key, user: user.clone() });
        let next = page.next.map_or(ListPosition::Others, ListPosition::Named);
        Ok(Page { items: page.items.into_iter().map(with_user).collect(), next: Some(next) })
    }

    /// Reads those keys of the next index entries that match, without those whose id is searched for: of `limit` entries,
    /// or of as many as the page may look at, and of fewer where keys and users do not fit one batch.
    async fn indexed_keys(
        &self,
        Scope { organization_id, filter, now }: Scope<'_>,
        after: Option<AccessKeyPosition>,
        limit: usize,
        reads: &mut PageReads,
    ) -> Result<Indexed, Error> {
        let limit = if filter.narrows_range() { reads.searchable() } else { limit };
        let after = after.map(|position| (position.to_string(), item_key::access_key(position.key_id())));
        let ends_before = |last: &String| after.as_ref().is_some_and(|(sort, _)| sort >= last);
        let Some((first, last)) = filter.index_range(now).filter(|(_, last)| !ends_before(last)) else {
            return Ok(Page { items: Vec::new(), next: None });
        };
        // The entry before may lie before the range, whose start moves with time.
        let start = after.filter(|(sort, _)| *sort > first);
        let partition = item_key::access_keys_partition(organization_id);
        let page = self.index_page(partition, Some((&first, &last)), start, limit).await?;
        reads.add(page.consumed.as_ref());
        let mut wanted = HashSet::new();
        let mut positions = Vec::with_capacity(page.entries.len());
        let read = page.entries.len();
        for (sort, key) in page.entries {
            let user = user_beside(&key);
            let further = usize::from(!wanted.contains(&user)) + 1;
            if wanted.len() + further > BATCH_SIZE {
                break;
            }
            wanted.extend([key, user]);
            positions.extend(AccessKeyPosition::parse(&sort));
        }
        let more = page.more || positions.len() < read;
        let next = positions.last().filter(|_| more).map(|position| ListPosition::Item(*position));
        let read = self.read_batch(wanted, !filter.narrows_range(), Some(reads)).await?;
        let mut items = Vec::with_capacity(positions.len());
        for position in positions {
            let found = self.visible_key(&read, position.key_id(), now)?;
            let found = found.filter(|found| filter.admits(&found.key, found.user.kind, now));
            let found = found.filter(|found| !filter.names(&found.key));
            items.extend(found.map(|found| (ListPosition::Item(position), found)));
        }
        Ok(Page { items, next })
    }

    /// Reads at most 50 keys with their users, strongly, and returns those that match, in the same order.
    async fn admitted_keys(
        &self,
        ids: &[KeyId],
        filter: &AccessKeyFilter,
        now: Time,
        reads: &mut PageReads,
    ) -> Result<Vec<KeyWithUser>, Error> {
        let mut keys = Vec::with_capacity(ids.len());
        let places = ids.iter().map(|id| item_key::access_key(*id));
        let wanted: HashSet<_> = places.flat_map(|key| [user_beside(&key), key]).collect();
        let read = self.read_batch(wanted, true, Some(reads)).await?;
        for id in ids {
            let found = self.visible_key(&read, *id, now)?;
            keys.extend(found.filter(|found| filter.admits(&found.key, found.user.kind, now)));
        }
        Ok(keys)
    }

    /// Returns a key with its user, of items that were read. `None` if the key is gone, or hidden.
    fn visible_key(
        &self,
        read: &HashMap<ItemKey, Item>,
        key_id: KeyId,
        now: Time,
    ) -> Result<Option<KeyWithUser>, Error> {
        let place = item_key::access_key(key_id);
        // Deleted since the index was written: gone from the list as well.
        let (Some(key), Some(user)) = (read.get(&place), read.get(&user_beside(&place))) else {
            return Ok(None);
        };
        let key: AccessKey = decode("access key", key.clone())?;
        let user: User = decode("user", user.clone())?;
        // The deletion of the user may have been interrupted. Its keys are gone all the same.
        let visible = user.status != Status::Deleted && !self.is_forgotten(&key, now);
        Ok(visible.then_some(KeyWithUser { key, user }))
    }
}

fn user_beside(key: &ItemKey) -> ItemKey {
    ItemKey { pk: key.pk.clone(), sk: item_key::USER.to_owned() }
}
