//! Pages of lists, and the index queries and positions that make them.

use std::fmt;

use aws_sdk_dynamodb::types::{AttributeValue, ConsumedCapacity, ReturnConsumedCapacity};
use domain::{id::KeySuffix, search::Search};

use crate::{
    Error, Table,
    item::{Item, key_of, primary, text},
    item_key::ItemKey,
    page_reads::PageReads,
};

/// One page of a list whose positions are `P`.
#[derive(Debug, Clone)]
pub struct Page<T, P> {
    /// Its items, in order.
    pub items: Vec<T>,
    /// The position after which the next page starts; `None` on the last.
    pub next: Option<P>,
}

/// The most rounds of reads, each of a query and a batch, that find what one page of a narrowed list shows.
const MAX_ROUNDS: usize = 10;

/// A position in a list that may be searched.
///
/// A search by an id lists the items that the id names first, then all others that hold its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListPosition<P> {
    /// After one of the keys that the id names.
    Named(KeySuffix),
    /// After the last of them.
    Others,
    /// After one of the other items.
    Item(P),
}

const NAMED: &str = "named:";
const OTHERS: &str = "others";

impl<P> ListPosition<P> {
    /// Reads a position as [`Display`](fmt::Display) writes it, in a list with this search; `None` for any other text.
    pub(crate) fn parse(
        text: &str,
        search: Option<&Search>,
        read: impl FnOnce(&str) -> Option<P>,
    ) -> Option<Self> {
        if search.and_then(Search::named).is_none() {
            return read(text).map(Self::Item);
        }
        match text.strip_prefix(NAMED) {
            Some(suffix) => KeySuffix::parse(suffix).ok().map(Self::Named),
            None if text == OTHERS => Some(Self::Others),
            None => read(text).map(Self::Item),
        }
    }

    /// Returns the item after which the list goes on, among those that no id names.
    pub(crate) fn item(self) -> Option<P> {
        match self {
            Self::Item(position) => Some(position),
            Self::Named(_) | Self::Others => None,
        }
    }
}

impl<P: fmt::Display> fmt::Display for ListPosition<P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(suffix) => write!(formatter, "{NAMED}{suffix}"),
            Self::Others => formatter.write_str(OTHERS),
            Self::Item(position) => position.fmt(formatter),
        }
    }
}

/// Fills a page of at most `limit` items by at most ten reads, as far as the units of the page go.
///
/// `read` gets the position after which it starts, and returns items, each with its own position.
pub(crate) async fn fill<T, P: Copy>(
    limit: usize,
    mut after: Option<P>,
    reads: &mut PageReads,
    mut read: impl AsyncFnMut(Option<P>, &mut PageReads) -> Result<Page<(P, T), P>, Error>,
) -> Result<Page<(P, T), P>, Error> {
    let mut items = Vec::new();
    for _ in 0..MAX_ROUNDS {
        let page = read(after, reads).await?;
        items.extend(page.items);
        after = page.next;
        if items.len() > limit {
            items.truncate(limit);
            after = items.last().map(|(position, _)| *position);
        }
        if items.len() == limit || after.is_none() || !reads.goes_on(items.len()) {
            break;
        }
    }
    Ok(Page { items, next: after })
}

/// Shows what eventual reads found, as far as the units of the page go.
///
/// `read` reads some of it strongly, and returns what still matches. The page ends after the last that it got.
pub(crate) async fn show<T, P: Copy>(
    found: Page<(P, T), P>,
    reads: &mut PageReads,
    mut read: impl AsyncFnMut(&[(P, T)], &mut PageReads) -> Result<Vec<T>, Error>,
) -> Result<Page<T, P>, Error> {
    let mut shown = Page { items: Vec::with_capacity(found.items.len()), next: None };
    let mut rest = found.items.as_slice();
    loop {
        // One at least, so that each page goes on.
        let fewest = usize::from(shown.next.is_none());
        let (now, later) = rest.split_at(reads.showable().max(fewest).min(rest.len()));
        let Some((reached, _)) = now.last() else { break };
        shown.items.extend(read(now, reads).await?);
        (shown.next, rest) = (Some(*reached), later);
    }
    if rest.is_empty() {
        shown.next = found.next;
    }
    Ok(shown)
}

/// A page of index entries.
pub(crate) struct IndexEntries {
    /// The sort key in the index and the key of the item, for each entry.
    pub(crate) entries: Vec<(String, ItemKey)>,
    /// Whether there are more.
    pub(crate) more: bool,
    /// What the query consumed.
    pub(crate) consumed: Option<ConsumedCapacity>,
}

impl Table {
    /// Reads up to `limit` entries of a partition of `GSI1`, in order, after the entry `after`.
    ///
    /// Reads only sort keys in the range `within`, which must contain `after`.
    pub(crate) async fn index_page(
        &self,
        partition: String,
        within: Option<(&str, &str)>,
        after: Option<(String, ItemKey)>,
        limit: usize,
    ) -> Result<IndexEntries, Error> {
        let start = after.map(|(sort, key)| {
            let mut start = primary(key);
            start.insert("GSI1PK".to_owned(), text(&partition));
            start.insert("GSI1SK".to_owned(), text(sort));
            start
        });
        let query = self.client.query().table_name(&self.name).index_name("GSI1");
        let query = match within {
            Some((first, last)) => query
                .key_condition_expression("GSI1PK = :partition AND GSI1SK BETWEEN :first AND :last")
                .expression_attribute_values(":first", text(first))
                .expression_attribute_values(":last", text(last)),
            None => query.key_condition_expression("GSI1PK = :partition"),
        };
        let answer = query
            .expression_attribute_values(":partition", text(&partition))
            .set_exclusive_start_key(start)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|error| Error::failed("Query", error))?;
        let place = |item: &Item| {
            let sort = item.get("GSI1SK").and_then(|sort: &AttributeValue| sort.as_s().ok()).cloned()?;
            Some((sort, key_of(item)?))
        };
        Ok(IndexEntries {
            more: answer.last_evaluated_key.is_some(),
            entries: answer.items().iter().filter_map(place).collect(),
            consumed: answer.consumed_capacity,
        })
    }
}

#[cfg(test)]
mod tests {
    use domain::id::UserId;

    use super::*;
    use crate::{AccessKeyFilter, UserFilter, page_reads::UNITS_OF_KEY};

    #[test]
    fn a_position_is_read_as_it_was_written_where_the_list_has_it() {
        let prefix = "ak".parse().unwrap();
        let search = |text: &str| Search::parse(text, &prefix).unwrap();
        let (by_text, by_id) = (search("deploy"), search("ak_7HcX2mPq9LwZ"));
        let read = |text: &str, search| ListPosition::parse(text, search, |text| UserId::parse(text).ok());
        let id = UserId::random();
        for position in
            [ListPosition::Named(KeySuffix::random()), ListPosition::Others, ListPosition::Item(id)]
        {
            let text = position.to_string();
            assert_eq!(read(&text, Some(&by_id)), Some(position));
            let plain = position.item().map(ListPosition::Item);
            assert_eq!((read(&text, Some(&by_text)), read(&text, None)), (plain, plain));
        }
        for text in ["", "named:", "named", "named:others", "others:", "others:x", "x"] {
            assert_eq!(read(text, Some(&by_id)), None, "{text}");
        }
    }

    #[tokio::test]
    async fn a_page_whose_units_are_used_up_shows_one_and_ends_after_it() {
        for (units, shown, next) in [(0.0, "abc", 9), (1_000.0, "a", 1)] {
            let mut reads = PageReads::new(UNITS_OF_KEY);
            reads.add_units(units);
            let found = Page { items: vec![(1, 'a'), (2, 'b'), (3, 'c')], next: Some(9) };
            let read =
                async |now: &[(u8, char)], _: &mut PageReads| Ok(now.iter().map(|(_, item)| *item).collect());
            let page = show(found, &mut reads, read).await.unwrap();
            assert_eq!((page.items.iter().collect::<String>().as_str(), page.next), (shown, Some(next)));
        }
    }

    fn written(position: Option<impl fmt::Display>) -> Option<String> {
        position.map(|position| position.to_string())
    }

    #[test]
    fn fuzzed_positions_among_what_an_id_names_are_those_of_searches_by_id_alone() {
        let by_id = Search::parse("ak_7HcX2mPq9LwZ", &"ak".parse().unwrap()).unwrap();
        let searches = [None, Some(by_id)];
        let users = searches.clone().map(|search| UserFilter { search, ..UserFilter::default() });
        let keys = searches.map(|search| AccessKeyFilter { search, ..AccessKeyFilter::default() });
        fuzz::texts("cursor_position").play(|text| {
            let named = text.strip_prefix(NAMED).filter(|suffix| KeySuffix::parse(suffix).is_ok());
            let is_of_search = named.is_some() || text == OTHERS;
            for (list, [of_list, of_search]) in [
                ("users", users.each_ref().map(|filter| written(filter.position(text)))),
                ("keys", keys.each_ref().map(|filter| written(filter.position(text)))),
                ("keys of a user", keys.each_ref().map(|filter| written(filter.position_of_user(text)))),
            ] {
                assert!(!is_of_search || of_list.is_none(), "{list}");
                let expected = of_list.or_else(|| is_of_search.then(|| text.to_owned()));
                assert_eq!(of_search, expected, "{list}");
            }
            is_of_search || UserId::parse(text).is_ok()
        });
    }
}
