use aws_sdk_dynamodb::{operation::query::builders::QueryFluentBuilder, types::Select};
use domain::Time;
use serde::de::DeserializeOwned;
use ulid::Ulid;

use crate::{
    Error, Page, Table,
    item::{Item, decode, text},
    transaction::Expression,
};

/// The most items looked at for one page of a narrowed list.
const EXAMINED: usize = 1_000;

/// A stretch of time in a partition whose sort keys end in ULIDs that carry the items' times.
#[derive(Debug)]
pub(crate) struct Stretch {
    /// Partition key.
    pub(crate) partition: String,
    /// What stands before the ULIDs in the sort keys.
    pub(crate) prefix: &'static str,
    /// The first second of it.
    pub(crate) from: Time,
    /// The second after its last; `None` leaves it open.
    pub(crate) until: Option<Time>,
}

impl Stretch {
    /// Returns the ids of the stretch before `after`, first and last; `None` if there can be none.
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

/// Returns the first id that carries this time.
fn earliest(time: Time) -> Ulid {
    Ulid::from_parts(u64::try_from(time.seconds()).unwrap_or_default() * 1000, 0)
}

impl Table {
    /// Reads up to `limit` items of a stretch, strongly, the newest first; `after` is the `next` of
    /// the page before.
    ///
    /// The work for a page is bounded whatever `filter` leaves out: one query, of at most
    /// [`EXAMINED`] items. So a page may be short, or empty, and not be the last.
    pub(crate) async fn newest<T: DeserializeOwned>(
        &self,
        what: &'static str,
        stretch: &Stretch,
        filter: Option<Expression>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<T>, Error> {
        let Some((first, last)) = stretch.ids(after.and_then(|id| id.parse().ok())) else {
            return Ok(Page { items: Vec::new(), next: None });
        };
        let examined = if filter.is_some() { EXAMINED } else { limit };
        let query = self.query_newest(stretch, (first, last), filter, examined);
        let answer = query.send().await.map_err(|error| Error::failed("Query", error))?;
        let mut found = answer.items.unwrap_or_default();
        let reached = if found.len() > limit {
            found.truncate(limit);
            found.last()
        } else {
            answer.last_evaluated_key.as_ref()
        };
        let next = reached.and_then(|item| id_of(item, stretch.prefix));
        let items = found.into_iter().map(|item| decode(what, item)).collect::<Result<_, _>>()?;
        Ok(Page { items, next })
    }

    /// Counts what `filter` leaves of the newest [`EXAMINED`] items of a stretch, strongly.
    pub(crate) async fn count_newest(&self, stretch: &Stretch, filter: Expression) -> Result<u64, Error> {
        let Some(ids) = stretch.ids(None) else { return Ok(0) };
        let query = self.query_newest(stretch, ids, Some(filter), EXAMINED).select(Select::Count);
        let answer = query.send().await.map_err(|error| Error::failed("Query", error))?;
        Ok(u64::try_from(answer.count).unwrap_or_default())
    }

    fn query_newest(
        &self,
        stretch: &Stretch,
        (first, last): (Ulid, Ulid),
        filter: Option<Expression>,
        examined: usize,
    ) -> QueryFluentBuilder {
        let query = self
            .client
            .query()
            .table_name(&self.name)
            .key_condition_expression("PK = :partition AND SK BETWEEN :first AND :last")
            .consistent_read(true)
            .scan_index_forward(false)
            .limit(i32::try_from(examined).unwrap_or(i32::MAX));
        let query = match filter {
            Some(Expression { text, names, values }) => query
                .filter_expression(text)
                .set_expression_attribute_names(Some(names))
                .set_expression_attribute_values(Some(values)),
            None => query,
        };
        let sort_key = |id: Ulid| text(format!("{}{id}", stretch.prefix));
        query
            .expression_attribute_values(":partition", text(&stretch.partition))
            .expression_attribute_values(":first", sort_key(first))
            .expression_attribute_values(":last", sort_key(last))
    }
}

fn id_of(item: &Item, prefix: &str) -> Option<String> {
    Some(item.get("SK")?.as_s().ok()?.strip_prefix(prefix)?.to_owned())
}

#[cfg(test)]
mod tests {
    use domain::audit::new_id;

    use super::*;

    fn stretch(from: i64, until: Option<i64>) -> Stretch {
        Stretch {
            partition: "P".to_owned(),
            prefix: "",
            from: Time::from_seconds(from),
            until: until.map(Time::from_seconds),
        }
    }

    #[test]
    fn a_stretch_holds_its_first_second_and_not_its_end() {
        let (first, last) = stretch(1_000, Some(1_002)).ids(None).unwrap();
        let within = |seconds| (first..=last).contains(&new_id(Time::from_seconds(seconds)));
        assert_eq!([999, 1_000, 1_001, 1_002].map(within), [false, true, true, false]);
        let (first, last) = stretch(1_000, None).ids(None).unwrap();
        assert!((first..=last).contains(&new_id(Time::MAX)));
    }

    #[test]
    fn the_next_page_starts_right_before_the_last_id() {
        let id = new_id(Time::from_seconds(1_001));
        let (_, last) = stretch(1_000, Some(1_002)).ids(Some(id)).unwrap();
        assert_eq!(last.0 + 1, id.0);
        let (_, last) = stretch(1_000, Some(1_001)).ids(Some(id)).unwrap();
        assert_eq!(last.timestamp_ms(), 1_000_999);
    }

    #[test]
    fn a_stretch_that_is_over_holds_nothing() {
        assert_eq!(stretch(1_000, Some(1_000)).ids(None), None);
        assert_eq!(stretch(1_000, None).ids(Some(earliest(Time::from_seconds(1_000)))), None);
        assert_eq!(stretch(0, None).ids(Some(Ulid(0))), None);
    }
}
