use std::collections::HashMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{Error, hex, id::OrganizationId};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{Problem, Request};

const DEFAULT: usize = 50;
const MOST: usize = 100;

/// Which page of a list is asked for.
#[derive(Debug)]
pub struct Paging {
    /// How many items at most.
    pub limit: usize,
    /// The place after which the page starts; `None` for the first.
    pub after: Option<String>,
    parameters: HashMap<String, String>,
    scope: String,
}

/// One page as the API shows it.
#[derive(Debug, Serialize)]
pub struct ListAnswer<T> {
    items: Vec<T>,
    next_cursor: Option<String>,
}

impl Paging {
    /// Reads `limit` and `cursor`.
    ///
    /// A cursor holds for the list it came from: `tenant` and `query` name that list, and a cursor
    /// of another or a damaged one is refused. It leads nowhere that the caller cannot read anyway,
    /// because the partition is never taken from it.
    pub fn read(request: &Request, tenant: Option<OrganizationId>, query: &str) -> Result<Self, Problem> {
        Self::filtered(request, tenant, query, &[])
    }

    /// Reads `limit`, `cursor` and the parameters that narrow the list down, all of them optional.
    ///
    /// A cursor holds for the same `filters`, written the same, alone: see [`Paging::filter`].
    pub fn filtered(
        request: &Request,
        tenant: Option<OrganizationId>,
        query: &str,
        filters: &[&str],
    ) -> Result<Self, Problem> {
        let parameters = request.query(&[filters, &["limit", "cursor"]].concat())?;
        let limit = match parameters.get("limit").map(|text| text.parse()) {
            None => DEFAULT,
            Some(Ok(limit)) if (1..=MOST).contains(&limit) => limit,
            Some(_) => return Err(Error::invalid("limit", format!("must be 1 to {MOST}")).into()),
        };
        let tenant = tenant.map_or_else(String::new, |tenant| tenant.to_string());
        let scope = format!("{tenant} {query}{}", narrowed(filters, &parameters));
        let after = parameters.get("cursor").map(|cursor| open(&scope, cursor)).transpose()?;
        Ok(Self { limit, after, parameters, scope })
    }

    /// Returns a filter as it was sent.
    #[must_use]
    pub fn filter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// Renders a page; `next` is the place of its last item unless it is the last page.
    #[must_use]
    pub fn answer<T>(&self, items: Vec<T>, next: Option<String>) -> ListAnswer<T> {
        ListAnswer { items, next_cursor: next.map(|place| seal(&self.scope, &place)) }
    }
}

/// Writes filters so that no two sets of them read the same.
fn narrowed(filters: &[&str], parameters: &HashMap<String, String>) -> String {
    let written = |name: &&str| {
        let value = parameters.get(*name)?;
        Some(format!(" {name}={}:{value}", value.len()))
    };
    filters.iter().filter_map(written).collect()
}

fn seal(scope: &str, place: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}{place}", mark(scope, place)))
}

fn open(scope: &str, cursor: &str) -> Result<String, Error> {
    let refused = || Error::invalid("cursor", "must be the next_cursor of a page of this same list");
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| refused())?;
    let text = String::from_utf8(bytes).map_err(|_| refused())?;
    let (given, place) = text.split_at_checked(MARK).ok_or_else(refused)?;
    if given == mark(scope, place) { Ok(place.to_owned()) } else { Err(refused()) }
}

const MARK: usize = 16;

fn mark(scope: &str, place: &str) -> String {
    let hash = Sha256::digest(format!("{} {scope} {place}", scope.len()));
    hex::encode(&hash[..MARK / 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_holds_for_its_list_alone() {
        let cursor = seal("tenant keys", "place");
        assert_eq!(open("tenant keys", &cursor).unwrap(), "place");
        assert!(open("other keys", &cursor).is_err());
        assert!(open("tenant users", &cursor).is_err());
    }

    #[test]
    fn no_two_sets_of_filters_read_the_same() {
        let scope = |given: &[(&str, &str)]| {
            let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            narrowed(&["actor", "action"], &given.collect())
        };
        assert_eq!(scope(&[]), "");
        assert_eq!(scope(&[("action", "a"), ("actor", "b")]), scope(&[("actor", "b"), ("action", "a")]));
        assert_ne!(scope(&[("actor", "a")]), scope(&[("action", "a")]));
        assert_ne!(scope(&[("actor", "a action=1:b")]), scope(&[("actor", "a"), ("action", "b")]));
        assert_eq!(scope(&[("limit", "1")]), "");
    }

    #[test]
    fn a_damaged_cursor_is_refused() {
        let cursor = seal("tenant keys", "place");
        for position in 0..cursor.len() {
            let mut damaged = cursor.clone();
            let replacement = if &cursor[position..=position] == "A" { "B" } else { "A" };
            damaged.replace_range(position..=position, replacement);
            assert!(open("tenant keys", &damaged).is_err(), "{position}");
        }
        for text in ["", "é", "AAAA", "====", &"A".repeat(200)] {
            assert!(open("tenant keys", text).is_err(), "{text}");
        }
    }
}
