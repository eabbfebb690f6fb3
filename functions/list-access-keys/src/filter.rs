//! The filters of the lists of keys.

use api::{Paging, search_filter, time_filter, word_filter};
use domain::{Error, token::KeyPrefix};
use table::AccessKeyFilter;

/// The filters for the list of one user's keys.
pub(crate) const OF_USER: [&str; 4] = ["status", "expires_before", "unused_since", "q"];

/// The filters for the list of an organization's keys.
pub(crate) const OF_ORGANIZATION: [&str; 5] = ["status", "kind", "expires_before", "unused_since", "q"];

/// Reads the filters of a request.
pub(crate) fn read(paging: &Paging, prefix: &KeyPrefix) -> Result<AccessKeyFilter, Error> {
    parse(|name| paging.filter(name), prefix)
}

fn parse<'a>(
    given: impl Fn(&'static str) -> Option<&'a str>,
    prefix: &KeyPrefix,
) -> Result<AccessKeyFilter, Error> {
    Ok(AccessKeyFilter {
        status: word_filter("status", "must be active, inactive, expired or revoked", given("status"))?,
        kind: word_filter("kind", "must be owner, normal or machine", given("kind"))?,
        expires_before: time_filter("expires_before", given("expires_before"))?,
        unused_since: time_filter("unused_since", given("unused_since"))?,
        search: search_filter("q", given("q"), prefix)?,
    })
}

#[cfg(test)]
mod tests {
    use domain::{Time, access_key::Status, search::Search, user::Kind};

    use super::*;

    fn prefix() -> KeyPrefix {
        "ak".parse().unwrap()
    }

    fn read(given: &[(&str, &'static str)]) -> Result<AccessKeyFilter, Error> {
        let value = |name| given.iter().find(|(parameter, _)| *parameter == name).map(|(_, value)| *value);
        parse(value, &prefix())
    }

    #[test]
    fn each_parameter_is_read() {
        assert_eq!(read(&[]), Ok(AccessKeyFilter::default()));
        let filter = read(&[
            ("status", "inactive"),
            ("kind", "machine"),
            ("expires_before", "2026-01-01T00:00:00Z"),
            ("unused_since", "2026-01-01T01:00:01+01:00"),
            ("q", "deploy"),
        ]);
        let expected = AccessKeyFilter {
            status: Some(Status::Inactive),
            kind: Some(Kind::Machine),
            expires_before: Some(Time::from_seconds(1_767_225_600)),
            unused_since: Some(Time::from_seconds(1_767_225_601)),
            search: Some(Search::parse("deploy", &prefix()).unwrap()),
        };
        assert_eq!(filter, Ok(expected));
    }

    #[test]
    fn a_bad_value_is_refused_by_its_name() {
        for (name, value) in [
            ("status", ""),
            ("status", "Active"),
            ("status", "deleted"),
            ("kind", "robot"),
            ("expires_before", "tomorrow"),
            ("unused_since", "2026-01-01"),
            ("q", ""),
        ] {
            assert!(
                matches!(read(&[(name, value)]), Err(Error::Invalid { field, .. }) if field == name),
                "{value}"
            );
        }
    }
}
