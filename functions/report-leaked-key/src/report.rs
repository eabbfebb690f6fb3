//! A report of leaked keys: in our own form, as an unsigned array, or signed by GitHub.

use std::collections::HashSet;

use api::{HandlerError, Request};
use domain::{
    Error,
    text::{Description, Name},
    token::{KeyPrefix, Token},
};
use serde::Deserialize;

use crate::{github::GithubKeys, leak::Leak, quotation::unverified, secret_scanning::of_matches};

/// The route of messages that GitHub signed.
const GITHUB_ROUTE: &str = "POST /v1/leaked-keys/github";

/// The most tokens that are checked of a report without a signature.
const MAX_TOKENS: usize = 100;

/// The most bytes of a report. GitHub repeats a token for each place in which it found it.
const MAX_BYTES: usize = 5 * 1024 * 1024;

/// A report of leaked keys. It holds tokens in clear text, so it has no `Debug`.
pub(crate) struct Report {
    /// Whether GitHub signed it. Anybody can send a report without a signature.
    pub(crate) is_signed: bool,
    /// The name of the reporter, as it is shown to people.
    pub(crate) source: Option<String>,
    /// Different tokens with a right checksum.
    pub(crate) leaks: Vec<Leak>,
}

/// Tokens that were found where they should not be.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "LeakReport"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Body {
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = 100)))]
    tokens: Vec<String>,
    source: Option<Name>,
    note: Option<Description>,
}

impl Report {
    /// Reads a report in the form that its route takes.
    pub(crate) fn read(
        request: &Request<()>,
        github: &GithubKeys,
        prefix: &KeyPrefix,
    ) -> Result<Self, HandlerError> {
        if request.route == GITHUB_ROUTE {
            github.check_configured()?;
            request.check_size(MAX_BYTES)?;
            github.check_signature(request)?;
            let source = Some("GitHub secret scanning".to_owned());
            let leaks = of_matches(request.list_of_readable(MAX_BYTES)?, prefix, str::to_owned);
            return Ok(Self { is_signed: true, source, leaks: leaks.collect() });
        }
        if request.holds_list() {
            let leaks = of_matches(request.list_of_readable(MAX_BYTES)?, prefix, unverified);
            return Ok(Self { is_signed: false, source: None, leaks: leaks.take(MAX_TOKENS).collect() });
        }
        Ok(Self::own(&request.body_within(MAX_BYTES)?, prefix)?)
    }

    fn own(body: &Body, prefix: &KeyPrefix) -> Result<Self, Error> {
        if !(1..=MAX_TOKENS).contains(&body.tokens.len()) {
            return Err(Error::invalid("tokens", format!("must be 1 to {MAX_TOKENS} strings")));
        }
        let source = body.source.as_ref().map(|source| unverified(source.as_str()));
        let note = body.note.as_ref().map(|note| unverified(note.as_str()));
        let mut seen = HashSet::new();
        let tokens = body.tokens.iter().map(|token| token.trim()).filter(|token| seen.insert(*token));
        let leaks = tokens.filter_map(|token| {
            let token = Token::parse(prefix, token).ok()?;
            Some(Leak::new(token, note.clone()))
        });
        let leaks = leaks.collect();
        Ok(Self { is_signed: false, source, leaks })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Option<Report> {
        let event = fuzz::event_with_body(include_str!("../../../tests/events/report-leaked-key.json"), body);
        let request = Request::read_open(lambda_http::request::from_str(&event).unwrap());
        let request = request.unwrap_or_else(|error| panic!("{error}"));
        Report::read(&request, &GithubKeys::default(), &"ak".parse().unwrap()).ok()
    }

    fn leaks(report: &Report) -> Vec<(&str, Option<&str>)> {
        report.leaks.iter().map(|leak| (leak.token().expose(), leak.note.as_deref())).collect()
    }

    /// Returns the elements of an array, with elements between them that are no matches.
    fn among_others(body: &str) -> Option<String> {
        let elements: Vec<&serde_json::value::RawValue> = serde_json::from_str(body).ok()?;
        let elements = elements.iter().flat_map(|element| ["null", "{}", element.get()]);
        Some(format!("[{}]", elements.chain(["7"]).collect::<Vec<_>>().join(",")))
    }

    #[test]
    fn a_report_in_our_own_form_has_1_to_100_tokens() {
        let prefix: KeyPrefix = "ak".parse().unwrap();
        for (count, is_taken) in [(0, false), (1, true), (100, true), (101, false)] {
            let body = Body { tokens: vec![String::new(); count], source: None, note: None };
            assert_eq!(Report::own(&body, &prefix).is_ok(), is_taken, "{count}");
        }
    }

    #[test]
    fn fuzzed_reports_hold_different_tokens_and_notes_that_pass_for_nothing_else() {
        let prefix: KeyPrefix = "ak".parse().unwrap();
        fuzz::documents("leak_report").play(|text| {
            let Some(report) = read(text) else { return false };
            assert!(!report.is_signed && report.leaks.len() <= MAX_TOKENS);
            let leaks = leaks(&report);
            let tokens: HashSet<_> = leaks.iter().map(|(token, _)| *token).collect();
            assert_eq!(tokens.len(), leaks.len());
            for shown in leaks.iter().filter_map(|(_, note)| *note).chain(report.source.as_deref()) {
                assert!(shown.ends_with(" (not verified)"), "{shown}");
                assert!(!shown.contains(|c: char| c.is_control() && c != '\n'), "{shown:?}");
            }
            if let Some(body) = among_others(text) {
                let noted = leaks.iter().filter_map(|(_, note)| *note);
                assert!(noted.into_iter().all(|note| !prefix.is_contained_in(note)), "a token in a note");
                assert_eq!(self::leaks(&read(&body).unwrap()), leaks, "what is malformed is passed over");
            }
            true
        });
    }
}
