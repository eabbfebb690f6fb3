//! Matches of secret scanning, in the form in which GitHub sends them.

use std::collections::{HashMap, HashSet};

use domain::{
    text::Description,
    token::{KeyPrefix, Token},
};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::leak::Leak;

/// The most characters of a note.
const MAX_NOTE: usize = 256;

/// One match of GitHub's secret scanning. Only its token must be readable. Of a repeated member the last counts.
#[derive(Deserialize)]
#[serde(try_from = "HashMap<String, Box<RawValue>>")]
pub(crate) struct Match {
    token: String,
    url: Option<Box<RawValue>>,
    source: Option<Box<RawValue>>,
}

impl TryFrom<HashMap<String, Box<RawValue>>> for Match {
    type Error = serde_json::Error;

    fn try_from(mut members: HashMap<String, Box<RawValue>>) -> Result<Self, serde_json::Error> {
        let token = members.remove("token").ok_or_else(|| serde::de::Error::missing_field("token"))?;
        let token = serde_json::from_str(token.get())?;
        Ok(Self { token, url: members.remove("url"), source: members.remove("source") })
    }
}

/// Takes the different tokens with a right checksum, each with the note of its first place.
pub(crate) fn of_matches(
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
        Some(Leak::new(token, found.note(prefix).map(|note| shown(&note))))
    })
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
    fn of_a_repeated_member_the_last_counts() {
        assert_eq!(note(r#", "url": 1, "url": "a", "source": "b", "source": 2"#).as_deref(), Some("a"));
        let found: Match = serde_json::from_str(r#"{"token": 1, "x": 1, "token": "a", "x": 2}"#).unwrap();
        assert_eq!(found.token, "a");
        for unreadable in [r#"{"token": "a", "token": 1}"#, r#"{"url": "a"}"#, "7", "null", r#"["a"]"#] {
            assert!(serde_json::from_str::<Match>(unreadable).is_err(), "{unreadable}");
        }
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
}
