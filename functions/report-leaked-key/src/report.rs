//! A report of leaked keys, in our own form or in that of GitHub.

use api::{HandlerError, Request};
use domain::{
    Error,
    text::{Description, Name},
    token::KeyPrefix,
};
use serde::Deserialize;

use crate::github::GithubKeys;

/// The most tokens of one report.
const MAX_TOKENS: usize = 100;

/// The most bytes of a report by GitHub, which repeats a token for each place that it was found in.
const MAX_LIST_BYTES: usize = 1024 * 1024;

/// A report of leaked keys. It holds tokens in clear text, so it has no `Debug`.
pub(crate) struct Report {
    pub(crate) source: Option<Name>,
    pub(crate) leaks: Vec<Leak>,
}

/// A leaked token, and the note of its reporter.
pub(crate) struct Leak {
    pub(crate) token: String,
    pub(crate) note: Option<Description>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    tokens: Vec<String>,
    source: Option<Name>,
    note: Option<Description>,
}

/// One match of GitHub's secret scanning. Unknown members are allowed.
#[derive(Deserialize)]
struct Match {
    token: String,
    url: Option<String>,
    source: Option<String>,
}

impl Report {
    /// Reads a report: an object in our own form, or a list from GitHub's partner program.
    pub(crate) fn read(
        request: &Request<()>,
        github: &GithubKeys,
        prefix: &KeyPrefix,
    ) -> Result<Self, HandlerError> {
        if !request.holds_list() {
            return Ok(Self::own(request.body()?, prefix)?);
        }
        request.check_size(MAX_LIST_BYTES)?;
        github.check_signature(request)?;
        Ok(Self::of_github(request.list()?, prefix)?)
    }

    fn own(body: Body, prefix: &KeyPrefix) -> Result<Self, Error> {
        if !(1..=MAX_TOKENS).contains(&body.tokens.len()) {
            return Err(Error::invalid("tokens", format!("must be 1 to {MAX_TOKENS} strings")));
        }
        let texts = [
            ("source", body.source.as_ref().map(Name::as_str)),
            ("note", body.note.as_ref().map(Description::as_str)),
        ];
        for (field, text) in texts {
            if text.is_some_and(|text| prefix.is_contained_in(text)) {
                return Err(Error::invalid(field, "must hold no access key: it is shown to people"));
            }
        }
        let leak = |token: String| Leak { token: token.trim().to_owned(), note: body.note.clone() };
        Ok(Self { source: body.source, leaks: body.tokens.into_iter().map(leak).collect() })
    }

    fn of_github(matches: Vec<Match>, prefix: &KeyPrefix) -> Result<Self, Error> {
        let mut leaks: Vec<Leak> = Vec::new();
        for found in matches {
            if leaks.len() <= MAX_TOKENS && leaks.iter().all(|leak| leak.token != found.token) {
                leaks.push(Leak { note: found.note(prefix), token: found.token });
            }
        }
        if !(1..=MAX_TOKENS).contains(&leaks.len()) {
            return Err(Error::invalid("body", format!("must hold 1 to {MAX_TOKENS} different tokens")));
        }
        let source = "GitHub secret scanning".to_owned().try_into().expect("it is short and visible");
        Ok(Self { source: Some(source), leaks })
    }
}

impl Match {
    /// Describes the place of the token; `None` if the description cannot be shown to people.
    fn note(&self, prefix: &KeyPrefix) -> Option<Description> {
        let parts = [self.url.as_deref(), self.source.as_deref()];
        let parts = parts.into_iter().flatten().filter(|part| !part.is_empty());
        let text = parts.collect::<Vec<_>>().join(" ");
        if prefix.is_contained_in(&text) {
            return None;
        }
        text.chars().take(256).collect::<String>().try_into().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "ak_7HcX2mPq9LwZtR4bK1nV_00000000000000000000000000000000000000000004MWDTL";

    fn notes(matches: &str) -> Vec<Option<String>> {
        let matches = serde_json::from_str(matches).unwrap();
        let report = Report::of_github(matches, &"ak".parse().unwrap()).ok().unwrap();
        report.leaks.into_iter().map(|leak| leak.note.map(String::from)).collect()
    }

    #[test]
    fn a_match_of_github_is_described_by_its_place() {
        let some = |text: &str| vec![Some(text.to_owned())];
        assert_eq!(
            notes(r#"[{"token": "a", "url": "https://x.example/y", "source": "content", "type": "t"}]"#),
            some("https://x.example/y content")
        );
        assert_eq!(notes(r#"[{"token": "a", "url": "", "source": "npm"}]"#), some("npm"));
        let long = "é".repeat(300);
        assert_eq!(notes(&format!(r#"[{{"token": "a", "url": "{long}"}}]"#)), some(&long[..512]));
    }

    #[test]
    fn a_note_that_cannot_be_shown_is_left_out_and_the_token_is_taken() {
        for rest in ["", r#", "url": null"#, r#", "url": "a\u0000b""#, r#", "source": "a\u202eb""#] {
            assert_eq!(notes(&format!(r#"[{{"token": "a"{rest}}}]"#)), [None], "{rest}");
        }
        assert_eq!(notes(&format!(r#"[{{"token": "a", "url": "https://x.example/?k={TOKEN}"}}]"#)), [None]);
    }

    #[test]
    fn a_token_in_many_places_counts_once() {
        let matches = |tokens: usize, times: usize| -> Vec<Match> {
            let one = |number| Match { token: format!("t{}", number % tokens), url: None, source: None };
            (0..tokens * times).map(one).collect()
        };
        let prefix = "ak".parse().unwrap();
        assert_eq!(Report::of_github(matches(100, 9), &prefix).ok().unwrap().leaks.len(), 100);
        assert!(Report::of_github(matches(101, 1), &prefix).is_err());
        assert!(Report::of_github(Vec::new(), &prefix).is_err());
    }
}
