//! A report of leaked keys: in our own form, as an unsigned array, or signed by GitHub.

use std::collections::HashSet;

use api::{HandlerError, Request};
use domain::{
    Error,
    text::{Description, Name},
    token::{KeyPrefix, SecretToken, Token},
};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::github::GithubKeys;

/// The route of messages that GitHub signed.
const GITHUB_ROUTE: &str = "POST /v1/leaked-keys/github";

/// The most tokens that are checked of a report without a signature.
const MAX_TOKENS: usize = 100;

/// The most bytes of a report. GitHub repeats a token for each place in which it found it.
const MAX_BYTES: usize = 5 * 1024 * 1024;

/// The most characters of a note.
const MAX_NOTE: usize = 256;

/// Quotation marks, with one of which a text could seem to end before it does.
const QUOTATION_MARKS: [char; 8] = ['"', '“', '”', '„', '‟', '«', '»', '″'];

/// A report of leaked keys. It holds tokens in clear text, so it has no `Debug`.
pub(crate) struct Report {
    /// Whether GitHub signed it. Anybody can send a report without a signature.
    pub(crate) is_signed: bool,
    /// The name of the reporter, as it is shown to people.
    pub(crate) source: Option<String>,
    /// Different tokens with a right checksum.
    pub(crate) leaks: Vec<Leak>,
}

/// A leaked token, and the note of its reporter as it is shown to people.
pub(crate) struct Leak {
    token: SecretToken,
    pub(crate) note: Option<String>,
}

impl Leak {
    pub(crate) fn token(&self) -> Token<'_> {
        self.token.token()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    tokens: Vec<String>,
    source: Option<Name>,
    note: Option<Description>,
}

/// One match of GitHub's secret scanning. Only its token must be readable.
#[derive(Deserialize)]
struct Match {
    token: String,
    url: Option<Box<RawValue>>,
    source: Option<Box<RawValue>>,
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
            let token = Token::parse(prefix, token).ok()?.to_secret();
            Some(Leak { token, note: note.clone() })
        });
        let leaks = leaks.collect();
        Ok(Self { is_signed: false, source, leaks })
    }
}

/// Takes the different tokens with a right checksum, each with the note of its first place.
fn of_matches(
    matches: Vec<Match>,
    prefix: &KeyPrefix,
    shown: fn(&str) -> String,
) -> impl Iterator<Item = Leak> {
    let mut seen = HashSet::new();
    matches.into_iter().filter_map(move |found| {
        let token = Token::parse(prefix, found.token.trim()).ok()?;
        if !seen.insert(token.expose().to_owned()) {
            return None;
        }
        Some(Leak { token: token.to_secret(), note: found.note(prefix).map(|note| shown(&note)) })
    })
}

/// Quotes a text that anybody may have written, so that it passes for nothing else.
fn unverified(text: &str) -> String {
    format!("\"{}\" (not verified)", text.replace(QUOTATION_MARKS, "'"))
}

impl Match {
    /// Describes the place of the token; `None` if the description cannot be shown to people.
    fn note(&self, prefix: &KeyPrefix) -> Option<String> {
        let text = |raw: &RawValue| serde_json::from_str::<String>(raw.get()).ok();
        let parts = [&self.url, &self.source].map(|raw| raw.as_deref().and_then(text));
        let parts: Vec<_> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
        let text = parts.join(" ");
        if prefix.is_contained_in(&text) {
            return None;
        }
        let text = text.chars().take(MAX_NOTE).collect::<String>();
        Description::try_from(text).ok().map(String::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "ak_7HcX2mPq9LwZtR4bK1nV_00000000000000000000000000000000000000000004MWDTL";

    fn note(rest: &str) -> Option<String> {
        let found: Match = serde_json::from_str(&format!(r#"{{"token": "a"{rest}}}"#)).unwrap();
        found.note(&"ak".parse().unwrap())
    }

    #[test]
    fn a_match_of_github_is_described_by_its_place() {
        let both = note(r#", "url": "https://x.example/y", "source": "content", "type": "t""#);
        assert_eq!(both.as_deref(), Some("https://x.example/y content"));
        assert_eq!(note(r#", "url": "", "source": "npm""#).as_deref(), Some("npm"));
        assert_eq!(note(r#", "url": 7, "source": "npm""#).as_deref(), Some("npm"));
        assert_eq!(note(r#", "url": "\ud800", "source": "npm""#).as_deref(), Some("npm"));
        let long = "é".repeat(300);
        assert_eq!(note(&format!(r#", "url": "{long}""#)).as_deref(), Some(&long[..512]));
    }

    #[test]
    fn a_note_that_cannot_be_shown_is_left_out() {
        for rest in ["", r#", "url": null"#, r#", "url": "a\u0000b""#, r#", "source": "a\u202eb""#] {
            assert_eq!(note(rest), None, "{rest}");
        }
        assert_eq!(note(&format!(r#", "url": "https://x.example/?k={TOKEN}""#)), None);
    }

    #[test]
    fn a_token_in_many_places_counts_once_and_one_with_a_wrong_checksum_not_at_all() {
        let prefix = "ak".parse().unwrap();
        let tokens = [TOKEN.to_owned(), format!(" {TOKEN}\n"), TOKEN.replace("_0", "_1"), "a".to_owned()];
        let matches = tokens.map(|token| Match { token, url: None, source: None });
        let leaks: Vec<_> = of_matches(matches.into(), &prefix, str::to_owned).collect();
        assert_eq!(leaks.iter().map(|leak| leak.token().expose()).collect::<Vec<_>>(), [TOKEN]);
    }

    #[test]
    fn an_unverified_text_cannot_end_its_quotation() {
        assert_eq!(unverified(r#"GitHub" (verified) “x"#), r#""GitHub' (verified) 'x" (not verified)"#);
    }
}
