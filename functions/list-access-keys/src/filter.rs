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

    /// Each input is parameters, with `|` between them.
    #[test]
    fn fuzzed_filters_are_read_one_by_one() {
        const NAMES: [&str; 5] = OF_ORGANIZATION;
        fuzz::texts("access_key_filter").play(|text| {
            let given: Vec<_> = text.split('|').filter_map(|pair| pair.split_once('=')).collect();
            let value = |name| given.iter().find(|(given, _)| *given == name).map(|(_, value)| *value);
            let alone = |only: &'static str| parse(|name| value(name).filter(|_| name == only), &prefix());
            let all = parse(value, &prefix());
            let wrong: Vec<_> = NAMES.into_iter().filter(|name| alone(name).is_err()).collect();
            let Ok(filter) = all else {
                assert!(matches!(all, Err(Error::Invalid { field, .. }) if wrong.contains(&&*field)));
                return false;
            };
            assert!(wrong.is_empty());
            let alone = |name| alone(name).unwrap();
            let (status, kind) = (alone("status").status, alone("kind").kind);
            let (expires_before, unused_since) =
                (alone("expires_before").expires_before, alone("unused_since").unused_since);
            let search = alone("q").search;
            assert_eq!(filter, AccessKeyFilter { status, kind, expires_before, unused_since, search });
            let statuses = ["active", "inactive", "expired", "revoked"];
            assert!(value("status").is_none_or(|status| statuses.contains(&status)));
            assert!(value("kind").is_none_or(|kind| ["owner", "normal", "machine"].contains(&kind)));
            assert_eq!(expires_before, value("expires_before").and_then(|time| Time::parse(time).ok()));
            assert_eq!(unused_since, value("unused_since").and_then(|time| Time::parse(time).ok()));
            assert_eq!(filter.search.is_some(), value("q").is_some());
            NAMES.into_iter().any(|name| value(name).is_some())
        });
    }
}
