//! Lists of the access keys of one user, by key id.

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use domain::{
    Time,
    access_key::AccessKey,
    id::{KeyId, KeySuffix},
    search::NamedId,
    user::User,
};

use crate::{
    AccessKeyFilter, Error, ListPosition, Page, Table,
    item::{decode, key_of, primary, text},
    item_key,
    page::{fill, show},
    page_reads::{PageReads, UNITS_OF_KEY},
};

/// A page of the keys of a user, each with the suffix of its id.
type OwnKeys = Page<(KeySuffix, AccessKey), KeySuffix>;

/// The keys of a user that one query reads.
struct Range<'a> {
    /// The start of the suffixes of their ids.
    suffix_start: &'a str,
    /// The key after which they start.
    after: Option<KeySuffix>,
    /// The most keys.
    limit: usize,
    /// Whether they are read strongly.
    strongly: bool,
}

impl Table {
    /// Lists the keys of a user by key id; `after` is the `next` of the page before.
    ///
    /// Without a filter keys are read strongly. A filter applies after reading: keys are read eventually, and strongly only
    /// those that match, which must still match then. A page takes at most 200 read units for that. So it may be short
    /// or empty without being the last. A search starts with the keys whose id is searched for.
    pub async fn access_keys_of(
        &self,
        user: &User,
        filter: &AccessKeyFilter,
        now: Time,
        after: Option<ListPosition<KeySuffix>>,
        limit: usize,
    ) -> Result<Page<AccessKey, ListPosition<KeySuffix>>, Error> {
        let narrows = *filter != AccessKeyFilter::default();
        let mut reads = PageReads::new(UNITS_OF_KEY);
        let named = filter.named().filter(|named| named.user_id == user.user_id);
        let read = async |after: Option<ListPosition<KeySuffix>>, reads: &mut PageReads| {
            let (named, after) = match (named, after) {
                (Some(named), None) => (Some(named), None),
                (Some(named), Some(ListPosition::Named(after))) => (Some(named), Some(after)),
                (_, after) => (None, after.and_then(ListPosition::item)),
            };
            if let Some(named) = named {
                let page = self.named_keys_of(user, filter, now, named, after, reads).await?;
                let named = |(suffix, key)| (ListPosition::Named(suffix), key);
                let next = page.next.map_or(ListPosition::Others, ListPosition::Named);
                return Ok(Page { items: page.items.into_iter().map(named).collect(), next: Some(next) });
            }
            // One key more than the page tells whether it is the last.
            let examined = if narrows { reads.searchable() } else { limit + 1 };
            let range = Range { suffix_start: "", after, limit: examined, strongly: !narrows };
            let page = self.own_keys(user, filter, now, range, reads).await?;
            let others = page.items.into_iter().filter(|(_, key)| !filter.names(key));
            let others = others.map(|(suffix, key)| (ListPosition::Item(suffix), key));
            Ok(Page { items: others.collect(), next: page.next.map(ListPosition::Item) })
        };
        let found = fill(limit, after, &mut reads, read).await?;
        if !narrows {
            let keys = found.items.into_iter().map(|(_, key)| key);
            return Ok(Page { items: keys.collect(), next: found.next });
        }
        show(found, &mut reads, async |found, reads| {
            self.admitted_keys_of(user, found, filter, now, reads).await
        })
        .await
    }

    /// Reads the next keys of a user whose id is searched for, strongly.
    pub(crate) async fn named_keys_of(
        &self,
        user: &User,
        filter: &AccessKeyFilter,
        now: Time,
        named: &NamedId,
        after: Option<KeySuffix>,
        reads: &mut PageReads,
    ) -> Result<OwnKeys, Error> {
        let limit = reads.strongly_searchable();
        let range = Range { suffix_start: &named.suffix_start, after, limit, strongly: true };
        self.own_keys(user, filter, now, range, reads).await
    }

    /// Reads the keys of a range, and returns those that match.
    async fn own_keys(
        &self,
        user: &User,
        filter: &AccessKeyFilter,
        now: Time,
        range: Range<'_>,
        reads: &mut PageReads,
    ) -> Result<OwnKeys, Error> {
        let start = range.after.map(|suffix| primary(item_key::access_key(KeyId::new(user.user_id, suffix))));
        let condition = "PK = :partition AND begins_with(SK, :keys)";
        let answer = self
            .query_strongly(condition, item_key::user_partition(user.user_id))
            .consistent_read(range.strongly)
            .expression_attribute_values(
                ":keys",
                text(format!("{}{}", item_key::ACCESS_KEYS, range.suffix_start)),
            )
            .set_exclusive_start_key(start)
            .limit(i32::try_from(range.limit).unwrap_or(i32::MAX))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|error| Error::failed("Query", error))?;
        reads.add(answer.consumed_capacity.as_ref());
        let reached = answer.last_evaluated_key.as_ref().and_then(key_of);
        let next = reached.and_then(|key| KeySuffix::parse(key.sk.strip_prefix(item_key::ACCESS_KEYS)?).ok());
        let mut items = Vec::new();
        for item in answer.items.unwrap_or_default() {
            let key: AccessKey = decode("access key", item)?;
            if filter.admits(&key, user.kind, now) && !self.is_forgotten(&key, now) {
                items.push((key.key_id.suffix(), key));
            }
        }
        Ok(Page { items, next })
    }

    /// Reads at most 100 keys of a user again, strongly, and returns those that match, in the same order.
    async fn admitted_keys_of(
        &self,
        user: &User,
        found: &[(ListPosition<KeySuffix>, AccessKey)],
        filter: &AccessKeyFilter,
        now: Time,
        reads: &mut PageReads,
    ) -> Result<Vec<AccessKey>, Error> {
        let place = |(_, key): &(_, AccessKey)| item_key::access_key(key.key_id);
        let mut read = self.read_batch(found.iter().map(place), true, Some(reads)).await?;
        let keys: Vec<AccessKey> = found
            .iter()
            .filter_map(|key| read.remove(&place(key)))
            .map(|item| decode("access key", item))
            .collect::<Result<_, _>>()?;
        let matches = |key: &AccessKey| filter.admits(key, user.kind, now) && !self.is_forgotten(key, now);
        Ok(keys.into_iter().filter(matches).collect())
    }
}
