//! The filters of the list of audit events.

use api::{Paging, time_filter};
use domain::Error;
use table::AuditFilter;

/// The names of the filters.
pub(crate) const PARAMETERS: [&str; 5] = ["actor", "action", "target", "since", "until"];

/// Reads the filters of a request. Events from `since` on and before `until` match.
pub(crate) fn read(paging: &Paging) -> Result<AuditFilter, Error> {
    parse(|name| paging.filter(name))
}

fn parse<'a>(given: impl Fn(&'static str) -> Option<&'a str>) -> Result<AuditFilter, Error> {
    let checked = |name, rule, valid: fn(&str) -> bool| match given(name) {
        Some(text) if !valid(text) => Err(Error::invalid(name, rule)),
        text => Ok(text.map(str::to_owned)),
    };
    let an_id = "must be an id: 1 to 128 letters, digits, dashes and underscores";
    let filter = AuditFilter {
        actor: checked("actor", an_id, is_id)?,
        action: checked("action", "must be an action such as access_key.created", is_action)?,
        target: checked("target", an_id, is_id)?,
        since: time_filter("since", given("since"))?,
        until: time_filter("until", given("until"))?,
    };
    if let (Some(since), Some(until)) = (filter.since, filter.until)
        && until <= since
    {
        return Err(Error::invalid("until", "must be later than since; it is the first second left out"));
    }
    Ok(filter)
}

fn is_id(text: &str) -> bool {
    let allowed = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_');
    (1..=128).contains(&text.len()) && text.bytes().all(allowed)
}

/// Tells whether the text has the form of an action. It need not be an action that this version knows.
fn is_action(text: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|c| c.is_ascii_lowercase() || c == b'_');
    text.len() <= 64 && text.split_once('.').is_some_and(|(noun, done)| word(noun) && word(done))
}

#[cfg(test)]
mod tests {
    use domain::Time;

    use super::*;

    fn read(given: &[(&str, &'static str)]) -> Result<AuditFilter, Error> {
        parse(|name| given.iter().find(|(parameter, _)| *parameter == name).map(|(_, value)| *value))
    }

    #[test]
    fn each_parameter_is_read() {
        assert_eq!(read(&[]), Ok(AuditFilter::default()));
        let filter = read(&[
            ("actor", "5nQx8RbW2kLt"),
            ("action", "access_key.created"),
            ("target", "read-only"),
            ("since", "2026-01-01T00:00:00Z"),
            ("until", "2026-01-01T01:00:01+01:00"),
        ]);
        let expected = AuditFilter {
            actor: Some("5nQx8RbW2kLt".to_owned()),
            action: Some("access_key.created".to_owned()),
            target: Some("read-only".to_owned()),
            since: Some(Time::from_seconds(1_767_225_600)),
            until: Some(Time::from_seconds(1_767_225_601)),
        };
        assert_eq!(filter, Ok(expected));
    }

    #[test]
    fn a_bad_value_is_refused_by_its_name() {
        for (name, value) in [
            ("actor", ""),
            ("actor", "a b"),
            ("target", "é"),
            ("action", "created"),
            ("action", "access_key."),
            ("action", "Access.created"),
            ("since", "yesterday"),
            ("until", "2026-01-01"),
        ] {
            assert!(
                matches!(read(&[(name, value)]), Err(Error::Invalid { field, .. }) if field == name),
                "{value}"
            );
        }
        for (length, is_action) in [(62, true), (63, false)] {
            assert_eq!(super::is_action(&format!("a.{}", "b".repeat(length))), is_action, "{length}");
        }
        for (length, is_id) in [(0, false), (1, true), (128, true), (129, false)] {
            assert_eq!(super::is_id(&"a".repeat(length)), is_id, "{length}");
        }
        let time = "2026-01-01T00:00:00Z";
        let empty = read(&[("since", time), ("until", time)]);
        assert!(matches!(empty, Err(Error::Invalid { field, .. }) if field == "until"));
    }

    /// Each input is parameters, with `|` between them.
    #[test]
    fn fuzzed_filters_hold_what_was_given_and_a_range_that_is_not_empty() {
        fuzz::texts("audit_filter").play(|text| {
            let given: Vec<_> = text.split('|').filter_map(|pair| pair.split_once('=')).collect();
            let value = |name| given.iter().find(|(given, _)| *given == name).map(|(_, value)| *value);
            let time = |name| value(name).map(|text| Time::parse(text).ok());
            let is_id = |text: &str| {
                let plain = text.replace(['-', '_'], "");
                (1..=128).contains(&text.len()) && plain.chars().all(|c| c.is_ascii() && c.is_alphanumeric())
            };
            let is_action = |text: &str| {
                let is_word =
                    |word: &str| !word.is_empty() && word.chars().all(|c| matches!(c, 'a'..='z' | '_'));
                text.len() <= 64 && text.matches('.').count() == 1 && text.split('.').all(is_word)
            };
            let (since, until) = (time("since"), time("until"));
            let is_right = value("actor").is_none_or(is_id)
                && value("target").is_none_or(is_id)
                && value("action").is_none_or(is_action)
                && [since, until].iter().all(|time| *time != Some(None))
                && since.flatten().zip(until.flatten()).is_none_or(|(since, until)| since < until);
            let text = |name| value(name).map(str::to_owned);
            let (actor, action, target) = (text("actor"), text("action"), text("target"));
            let (since, until) = (since.flatten(), until.flatten());
            let expected = is_right.then_some(AuditFilter { actor, action, target, since, until });
            assert_eq!(parse(value).ok(), expected);
            expected.is_some_and(|filter| filter != AuditFilter::default())
        });
    }
}
