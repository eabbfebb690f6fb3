//! Queries of a time range in a partition whose sort keys end in ULIDs.

use aws_sdk_dynamodb::{operation::query::builders::QueryFluentBuilder, types::Select};
use domain::Time;
use serde::de::DeserializeOwned;
use ulid::Ulid;

use crate::{
    Error, Page, Table,
    expression::Expression,
    item::{Item, decode, text},
};

/// The most items read for one page of a filtered list.
pub(crate) const MAX_EXAMINED: usize = 1_000;

/// A time range in a partition whose sort keys end in ULIDs with the items' times.
#[derive(Debug)]
pub(crate) struct TimeRange {
    /// Partition key.
    pub(crate) partition: String,
    /// The part of the sort keys before the ULID.
    pub(crate) prefix: &'static str,
    /// The first second.
    pub(crate) from: Time,
    /// The second after the last; `None` for an open range.
    pub(crate) until: Option<Time>,
    /// Whether it is read strongly.
    pub(crate) strongly: bool,
}

impl TimeRange {
    /// Returns the first and last possible id before `after`; `None` if the range is empty.
    fn ids(&self, after: Option<Ulid>) -> Option<(Ulid, Ulid)> {
        let first = earliest(self.from);
        let ends = [self.until.map(earliest), after];
        let last = match ends.into_iter().flatten().min() {
            Some(end) => Ulid(end.0.checked_sub(1)?),
            None => Ulid::max(),
        };
        (first <= last).then_some((first, last))
    }
}

/// Returns the first id of a second.
pub(crate) fn earliest(time: Time) -> Ulid {
    Ulid::from_parts(u64::try_from(time.seconds()).unwrap_or_default() * 1000, 0)
}

impl Table {
    /// Reads up to `limit` items of a range, the newest first; `after` is the `next` of the page before.
    ///
    /// A page takes one query of at most [`MAX_EXAMINED`] items and 1 MB, however many the filter leaves out. So it may be
    /// short or empty without being the last. 1 MB is 128 read units, or 256 if it is read strongly.
    pub(crate) async fn newest_first<T: DeserializeOwned>(
        &self,
        what: &'static str,
        range: &TimeRange,
        filter: Option<Expression>,
        after: Option<Ulid>,
        limit: usize,
    ) -> Result<Page<T, Ulid>, Error> {
        let Some((first, last)) = range.ids(after) else {
            return Ok(Page { items: Vec::new(), next: None });
        };
        let examined = if filter.is_some() { MAX_EXAMINED } else { limit };
        let query = self.query_newest(range, (first, last), filter, examined);
        let answer = query.send().await.map_err(|error| Error::failed("Query", error))?;
        let mut found = answer.items.unwrap_or_default();
        let reached = if found.len() > limit {
            found.truncate(limit);
            found.last()
        } else {
            answer.last_evaluated_key.as_ref()
        };
        let next = reached.and_then(|item| id_of(item, range.prefix));
        let items = found.into_iter().map(|item| decode(what, item)).collect::<Result<_, _>>()?;
        Ok(Page { items, next })
    }

    /// Counts the matching items among the newest [`MAX_EXAMINED`] of a range.
    pub(crate) async fn count_newest(&self, range: &TimeRange, filter: Expression) -> Result<u64, Error> {
        let Some(ids) = range.ids(None) else { return Ok(0) };
        let query = self.query_newest(range, ids, Some(filter), MAX_EXAMINED).select(Select::Count);
        let answer = query.send().await.map_err(|error| Error::failed("Query", error))?;
        Ok(u64::try_from(answer.count).unwrap_or_default())
    }

    fn query_newest(
        &self,
        range: &TimeRange,
        (first, last): (Ulid, Ulid),
        filter: Option<Expression>,
        examined: usize,
    ) -> QueryFluentBuilder {
        let query = self
            .client
            .query()
            .table_name(&self.name)
            .key_condition_expression("PK = :partition AND SK BETWEEN :first AND :last")
            .consistent_read(range.strongly)
            .scan_index_forward(false)
            .limit(i32::try_from(examined).unwrap_or(i32::MAX));
        let query = match filter {
            Some(Expression { text, names, values }) => query
                .filter_expression(text)
                .set_expression_attribute_names(Some(names))
                .set_expression_attribute_values(Some(values)),
            None => query,
        };
        let sort_key = |id: Ulid| text(format!("{}{id}", range.prefix));
        query
            .expression_attribute_values(":partition", text(&range.partition))
            .expression_attribute_values(":first", sort_key(first))
            .expression_attribute_values(":last", sort_key(last))
    }
}

fn id_of(item: &Item, prefix: &str) -> Option<Ulid> {
    item.get("SK")?.as_s().ok()?.strip_prefix(prefix)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::*;

    fn new_id(at: Time) -> Ulid {
        Timestamp::from(at).new_id()
    }

    fn range(from: i64, until: Option<i64>) -> TimeRange {
        TimeRange {
            partition: "P".to_owned(),
            prefix: "",
            from: Time::from_seconds(from),
            until: until.map(Time::from_seconds),
            strongly: true,
        }
    }

    #[test]
    fn a_stretch_holds_its_first_second_and_not_its_end() {
        let (first, last) = range(1_000, Some(1_002)).ids(None).unwrap();
        let within = |seconds| (first..=last).contains(&new_id(Time::from_seconds(seconds)));
        assert_eq!([999, 1_000, 1_001, 1_002].map(within), [false, true, true, false]);
        let (first, last) = range(1_000, None).ids(None).unwrap();
        assert!((first..=last).contains(&new_id(Time::MAX)));
    }

    #[test]
    fn the_next_page_starts_right_before_the_last_id() {
        let id = new_id(Time::from_seconds(1_001));
        let (_, last) = range(1_000, Some(1_002)).ids(Some(id)).unwrap();
        assert_eq!(last.0 + 1, id.0);
        let (_, last) = range(1_000, Some(1_001)).ids(Some(id)).unwrap();
        assert_eq!(last.timestamp_ms(), 1_000_999);
        let first = earliest(Time::from_seconds(1_000));
        let second = Ulid(first.0 + 1);
        assert_eq!(range(1_000, None).ids(Some(second)), Some((first, first)));
    }

    #[test]
    fn a_stretch_that_is_over_holds_nothing() {
        assert_eq!(range(1_000, Some(1_000)).ids(None), None);
        assert_eq!(range(1_000, None).ids(Some(earliest(Time::from_seconds(1_000)))), None);
        assert_eq!(range(0, None).ids(Some(Ulid(0))), None);
    }
}
