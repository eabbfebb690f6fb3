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
    use domain::{permission::Permission, role::Label, search::Search};
    use table::{AccessKeyFilter, MembershipPosition, UserFilter};
    use ulid::Ulid;

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

    /// The most bytes of a query. The gateway refuses a request whose line and headers are longer.
    const MAX_QUERY: usize = 10_240;

    /// Reads a position as a list does, and writes it again.
    type Reread = fn(&str) -> Option<String>;

    /// The one list whose positions have several forms: `Ulid` also parses lower case, and drops the high bits of a first digit above 7.
    const BY_TIME: &str = "audit events and messages";

    const LISTS: [(&str, Reread); 10] = [
        ("organizations", |text| written(MembershipPosition::parse(text))),
        ("users", |text| written(UserFilter::default().position(text))),
        ("users by id", |text| {
            written(UserFilter { search: by_id(), ..UserFilter::default() }.position(text))
        }),
        ("keys", |text| written(AccessKeyFilter::default().position(text))),
        ("keys by id", |text| written(keys_by_id().position(text))),
        ("keys of a user", |text| written(AccessKeyFilter::default().position_of_user(text))),
        ("keys of a user by id", |text| written(keys_by_id().position_of_user(text))),
        ("roles and groups", |text| written(Label::try_from(text.to_owned()).ok())),
        ("permissions", |text| written(Permission::try_from(text.to_owned()).ok())),
        (BY_TIME, |text| written(text.parse::<Ulid>().ok())),
    ];

    fn written(position: Option<impl fmt::Display>) -> Option<String> {
        position.map(|position| position.to_string())
    }

    fn by_id() -> Option<Search> {
        Search::parse("ak_7HcX2mPq9LwZ", &"ak".parse().unwrap()).ok()
    }

    fn keys_by_id() -> AccessKeyFilter {
        AccessKeyFilter { search: by_id(), ..AccessKeyFilter::default() }
    }

    /// Reads the page that a request asks for; `None` if the gateway would refuse the request.
    fn paging(query: &str) -> Option<Paging> {
        if query.len() > MAX_QUERY {
            return None;
        }
        let sample = include_str!("../../../tests/events/describe-caller.json");
        let mut event: serde_json::Value = serde_json::from_str(sample).unwrap();
        event["rawQueryString"] = query.into();
        let request = lambda_http::request::from_str(&event.to_string()).unwrap();
        let request = Request::read_open(request).unwrap_or_else(|error| panic!("{error}"));
        Some(Paging::read(&request, None, "list").unwrap_or_else(|error| panic!("{error}")))
    }

    #[test]
    fn fuzzed_positions_in_cursors_that_anybody_can_write_are_read_as_lists_write_them_or_refused() {
        let first = paging("").unwrap();
        fuzz::texts("cursor_position").play(|text| {
            let cursor = first.cursor(Some(text)).unwrap();
            let Some(paging) = paging(&format!("cursor={cursor}")) else { return false };
            let mut is_read = false;
            for (list, reread) in LISTS {
                let position = paging.after(|position| {
                    assert_eq!(position, text);
                    reread(position)
                });
                match position {
                    Ok(position) => {
                        let position = position.expect("the cursor has a position");
                        assert!(position.len() <= 128, "{list}");
                        assert_eq!(reread(&position).as_ref(), Some(&position), "{list}");
                        assert!(position == text || list == BY_TIME, "{list} {position}");
                        is_read = true;
                    }
                    Err(Error::Invalid { field, .. }) => assert_eq!(field, "cursor", "{list}"),
                    Err(error) => panic!("{error}"),
                }
            }
            is_read
        });
    }
}
