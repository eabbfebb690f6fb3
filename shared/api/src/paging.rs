//! Lists in pages: `limit`, `cursor`, filters, and the page itself.

use std::{collections::HashMap, fmt};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{Error, hex, id::OrganizationId};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{HandlerError, Request};

/// How every cursor is written: eight characters of a checksum and a position, in Base64 for URLs.
#[cfg(feature = "openapi")]
pub const CURSOR_PATTERN: &str = "^[A-Za-z0-9_-]{22,}$";
const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 100;

/// The page of a list that a request asks for.
#[derive(Debug)]
pub struct Paging {
    /// The most items of the page.
    pub limit: usize,
    /// The position after which the page starts; `None` for the first page.
    after: Option<String>,
    parameters: HashMap<String, String>,
    scope: String,
}

/// One page as the API shows it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "{T}Page"))]
pub struct Page<T> {
    /// The items. A page may hold fewer than `limit`, even none, and still not be the last.
    items: Vec<T>,
    /// Where the next page starts. `null` says that this page is the last.
    #[cfg_attr(feature = "openapi", schemars(extend("pattern" = CURSOR_PATTERN)))]
    next_cursor: Option<String>,
}

impl Paging {
    /// Reads `limit` and `cursor`.
    ///
    /// `tenant` and `query` name the list. A cursor of another list, or a damaged one, is refused. The
    /// partition is never taken from a cursor, so that no cursor leads out of the tenant.
    pub fn read<C>(
        request: &Request<C>,
        tenant: Option<OrganizationId>,
        query: &str,
    ) -> Result<Self, HandlerError> {
        Self::filtered(request, tenant, query, &[])
    }

    /// Reads `limit`, `cursor` and the optional parameters in `filters`.
    ///
    /// A cursor is valid only with the same filters, written in the same way. See [`Paging::filter`].
    pub fn filtered<C>(
        request: &Request<C>,
        tenant: Option<OrganizationId>,
        query: &str,
        filters: &[&str],
    ) -> Result<Self, HandlerError> {
        let parameters = request.query(&[filters, &["limit", "cursor"]].concat())?;
        let limit = match parameters.get("limit").map(|text| parse_limit(text)) {
            None => DEFAULT_LIMIT,
            Some(Some(limit)) => limit,
            Some(None) => return Err(Error::invalid("limit", format!("must be 1 to {MAX_LIMIT}")).into()),
        };
        let tenant = tenant.map_or_else(String::new, |tenant| tenant.to_string());
        let scope = format!("{tenant} {query}{}", filter_text(filters, &parameters));
        let after = parameters.get("cursor").map(|cursor| decode_cursor(&scope, cursor)).transpose()?;
        Ok(Self { limit, after, parameters, scope })
    }

    /// Reads the position after which the page starts; `None` for the first page.
    ///
    /// Anybody can write a cursor with a right checksum. So a position that `read` does not know is refused.
    pub fn after<P>(&self, read: impl FnOnce(&str) -> Option<P>) -> Result<Option<P>, Error> {
        self.after.as_deref().map(|position| read(position).ok_or_else(bad_cursor)).transpose()
    }

    /// Returns the value of a filter, as the client sent it.
    #[must_use]
    pub fn filter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// Builds the page. `next` is the position of its last item; `None` if no page follows.
    #[must_use]
    pub fn page<T>(&self, items: Vec<T>, next: Option<impl fmt::Display>) -> Page<T> {
        Page { items, next_cursor: self.cursor(next) }
    }

    /// Writes the cursor of the next page, which starts after the position `next`.
    #[must_use]
    pub fn cursor(&self, next: Option<impl fmt::Display>) -> Option<String> {
        next.map(|position| encode_cursor(&self.scope, &position.to_string()))
    }
}

fn parse_limit(text: &str) -> Option<usize> {
    // The parser of numbers takes a sign too.
    let limit = text.parse().ok().filter(|_| text.bytes().all(|c| c.is_ascii_digit()))?;
    (1..=MAX_LIMIT).contains(&limit).then_some(limit)
}

/// Writes filters so that no two sets of filters read the same.
fn filter_text(filters: &[&str], parameters: &HashMap<String, String>) -> String {
    let part = |name: &&str| {
        let value = parameters.get(*name)?;
        Some(format!(" {name}={}:{value}", value.len()))
    };
    filters.iter().filter_map(part).collect()
}

fn encode_cursor(scope: &str, position: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}{position}", checksum(scope, position)))
}

fn decode_cursor(scope: &str, cursor: &str) -> Result<String, Error> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| bad_cursor())?;
    let text = String::from_utf8(bytes).map_err(|_| bad_cursor())?;
    let (given, position) = text.split_at_checked(CHECKSUM_LENGTH).ok_or_else(bad_cursor)?;
    if given == checksum(scope, position) { Ok(position.to_owned()) } else { Err(bad_cursor()) }
}

fn bad_cursor() -> Error {
    Error::invalid("cursor", "must be the next_cursor of a page of this same list")
}

const CHECKSUM_LENGTH: usize = 16;

fn checksum(scope: &str, position: &str) -> String {
    let hash = Sha256::digest(format!("{} {scope} {position}", scope.len()));
    hex::encode(&hash[..CHECKSUM_LENGTH / 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_valid_for_its_own_list_only() {
        let cursor = encode_cursor("tenant keys", "position");
        assert_eq!(decode_cursor("tenant keys", &cursor).unwrap(), "position");
        assert_eq!(encode_cursor("", "").len(), 22);
        assert!(decode_cursor("other keys", &cursor).is_err());
        assert!(decode_cursor("tenant users", &cursor).is_err());
    }

    #[test]
    fn no_two_sets_of_filters_read_the_same() {
        let scope = |given: &[(&str, &str)]| {
            let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            filter_text(&["actor", "action"], &given.collect())
        };
        assert_eq!(scope(&[]), "");
        assert_eq!(scope(&[("action", "a"), ("actor", "b")]), scope(&[("actor", "b"), ("action", "a")]));
        assert_ne!(scope(&[("actor", "a")]), scope(&[("action", "a")]));
        assert_ne!(scope(&[("actor", "a action=1:b")]), scope(&[("actor", "a"), ("action", "b")]));
        assert_eq!(scope(&[("limit", "1")]), "");
    }

    #[test]
    fn a_limit_is_1_to_100_in_digits() {
        assert_eq!(["1", "50", "100", "007"].map(parse_limit), [Some(1), Some(50), Some(100), Some(7)]);
        for text in ["", "0", "101", "-1", "+5", " 5", "5 ", "1e1", "5.0", "\u{0665}", "18446744073709551617"]
        {
            assert_eq!(parse_limit(text), None, "{text}");
        }
    }

    #[test]
    fn fuzzed_cursors_are_valid_for_one_list_and_have_one_form() {
        fuzz::texts("cursor").with_check_digits().play(|text| {
            let Ok(position) = decode_cursor("tenant keys", text) else { return false };
            assert_eq!(encode_cursor("tenant keys", &position), text);
            assert!(position.len() < text.len());
            for other in ["", "tenant users", "tenant key", "tenant keys s"] {
                assert!(decode_cursor(other, text).is_err(), "{other}");
            }
            true
        });
    }

    #[test]
    fn a_damaged_cursor_is_refused() {
        let cursor = encode_cursor("tenant keys", "position");
        for position in 0..cursor.len() {
            let mut damaged = cursor.clone();
            let replacement = if &cursor[position..=position] == "A" { "B" } else { "A" };
            damaged.replace_range(position..=position, replacement);
            assert!(decode_cursor("tenant keys", &damaged).is_err(), "{position}");
        }
        for text in ["", "é", "AAAA", "====", &"A".repeat(200)] {
            assert!(decode_cursor("tenant keys", text).is_err(), "{text}");
        }
    }
}
