//! The filters of the list of users.

use api::{Paging, search_filter, word_filter};
use domain::{Error, token::KeyPrefix};
use table::UserFilter;

use crate::status::RequestedStatus;

/// The names of the filters.
pub(crate) const NAMES: [&str; 3] = ["kind", "status", "q"];

/// Reads the filters of a request.
pub(crate) fn read(paging: &Paging, prefix: &KeyPrefix) -> Result<UserFilter, Error> {
    let status: Option<RequestedStatus> =
        word_filter("status", "must be active or suspended", paging.filter("status"))?;
    Ok(UserFilter {
        kind: word_filter("kind", "must be owner, normal or machine", paging.filter("kind"))?,
        status: status.map(Into::into),
        search: search_filter("q", paging.filter("q"), prefix)?,
    })
}

#[cfg(test)]
mod tests {
    use api::Request;
    use serde_json::{Value, json};

    use super::*;

    /// The most bytes of a query. The gateway refuses a request whose line and headers are longer.
    const MAX_QUERY: usize = 10_240;

    /// Writes a value for a query, every byte escaped.
    fn escaped(value: &str) -> String {
        value.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat()
    }

    /// Reads the filters of a request with a query; `None` if the gateway would refuse it.
    fn read_query(query: &str) -> Option<Result<UserFilter, Error>> {
        if query.len() > MAX_QUERY {
            return None;
        }
        let sample = include_str!("../../../tests/events/manage-users.json");
        let mut event: Value = serde_json::from_str(sample).unwrap();
        event["rawQueryString"] = json!(query);
        let request = lambda_http::request::from_str(&event.to_string()).unwrap();
        let request = Request::read_open(request).unwrap_or_else(|error| panic!("{error}"));
        let paging = Paging::filtered(&request, None, "users", &NAMES);
        let paging = paging.unwrap_or_else(|error| panic!("{error}"));
        Some(read(&paging, &"ak".parse().unwrap()))
    }

    /// Each input is parameters, with `|` between them.
    #[test]
    fn fuzzed_filters_of_users_are_read_one_by_one() {
        fuzz::texts("list_filters").play(|text| {
            let given: Vec<_> = text.split('|').filter_map(|pair| pair.split_once('=')).collect();
            let value = |name: &str| given.iter().find(|(given, _)| *given == name).map(|(_, value)| *value);
            let is_one_of = |name, words: &[&str]| value(name).is_none_or(|value| words.contains(&value));
            let is_search = value("q").is_none_or(|text| (1..=100).contains(&text.chars().count()));
            let is_right = [
                ("kind", is_one_of("kind", &["owner", "normal", "machine"])),
                ("status", is_one_of("status", &["active", "suspended"])),
                ("q", is_search),
            ];
            let wrong: Vec<_> =
                is_right.iter().filter(|(_, is_right)| !is_right).map(|(name, _)| *name).collect();
            let pair = |name: &str| Some(format!("{name}={}", escaped(value(name)?)));
            let pairs: Vec<_> = NAMES.into_iter().filter_map(pair).collect();
            let Some(filter) = read_query(&pairs.join("&")) else { return false };
            match filter {
                Ok(UserFilter { kind, status, search }) => {
                    assert!(wrong.is_empty(), "{wrong:?}");
                    assert_eq!(json!([kind, status]), json!([value("kind"), value("status")]));
                    assert_eq!(search.is_some(), value("q").is_some());
                }
                Err(Error::Invalid { field, .. }) => assert!(wrong.contains(&field.as_str()), "{field}"),
                Err(error) => panic!("{error}"),
            }
            !pairs.is_empty() && wrong.is_empty()
        });
    }
}
