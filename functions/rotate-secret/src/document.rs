//! The value of the secret: `{"token", "api", "organization_id"}`. Its other members stay as they are.

use std::fmt;

use http::Uri;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::stop::BadDocument;

/// The length of a key id.
pub(crate) const KEY_ID: usize = 20;

/// The length of a secret with its check.
pub(crate) const SECRET: usize = 49;

/// An access key, and where it is used.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Document {
    token: String,
    api: String,
    organization_id: String,
    #[serde(flatten)]
    others: Map<String, Value>,
}

impl Document {
    pub(crate) fn parse(text: &str) -> Result<Self, BadDocument> {
        let document: Self = serde_json::from_str(text).map_err(|_| BadDocument::Shape)?;
        key_id_of(&document.token).ok_or(BadDocument::Token)?;
        if !may_be_sent_to(&document.api) {
            return Err(BadDocument::Api);
        }
        let id = &document.organization_id;
        if !(1..=64).contains(&id.len()) || !is_base62(id) {
            return Err(BadDocument::OrganizationId);
        }
        Ok(document)
    }

    /// Replaces the token; `None` if the new one is none of the same key.
    pub(crate) fn with_token(&self, token: String) -> Option<Self> {
        let is_same = key_id_of(&token).is_some_and(|id| id == self.key_id());
        is_same.then(|| Self { token, ..self.clone() })
    }

    pub(crate) fn render(&self) -> String {
        serde_json::to_string(self).expect("a document is plain data")
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Returns the id of the key that the token is of.
    pub(crate) fn key_id(&self) -> &str {
        key_id_of(&self.token).expect("the token was parsed")
    }

    pub(crate) fn organization_id(&self) -> &str {
        &self.organization_id
    }

    /// Returns the URL of a path of the API.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.api.trim_end_matches('/'))
    }
}

/// Reads the key id from a token: `<prefix>_<key id>_<secret with its check>`.
fn key_id_of(token: &str) -> Option<&str> {
    let mut parts = token.split('_');
    let (prefix, id, secret) = (parts.next()?, parts.next()?, parts.next()?);
    let is_token = parts.next().is_none()
        && (2..=10).contains(&prefix.len())
        && id.len() == KEY_ID
        && secret.len() == SECRET
        && [prefix, id, secret].into_iter().all(is_base62);
    is_token.then_some(id)
}

fn is_base62(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Tells whether a secret may be sent to a URL: by TLS, or to this machine.
fn may_be_sent_to(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else { return false };
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return false };
    let is_loopback = matches!(uri.host(), Some("127.0.0.1" | "localhost" | "[::1]"));
    (scheme == "https" || (scheme == "http" && is_loopback))
        && !authority.as_str().contains('@')
        && uri.query().is_none()
        && !url.contains('#')
        && url.len() <= 512
}

impl fmt::Debug for Document {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Document").field("key_id", &self.key_id()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn token(id: char, secret: char) -> String {
        format!("ak_{}_{}", id.to_string().repeat(KEY_ID), secret.to_string().repeat(SECRET))
    }

    fn parse(member: &str, value: Value) -> Result<Document, BadDocument> {
        let mut document =
            json!({"token": token('a', 's'), "api": "https://keys.example", "organization_id": "o1"});
        document[member] = value;
        Document::parse(&document.to_string())
    }

    #[test]
    fn a_new_token_replaces_the_old_one_of_the_same_key_and_leaves_the_rest() {
        let document = parse("note", json!("kept")).unwrap();
        let renewed = document.with_token(token('a', 't')).unwrap();
        let renewed: Value = serde_json::from_str(&renewed.render()).unwrap();
        assert_eq!((&renewed["token"], &renewed["note"]), (&json!(token('a', 't')), &json!("kept")));
        for other in [token('b', 't'), "ak_x".to_owned(), String::new()] {
            assert!(document.with_token(other).is_none());
        }
    }

    #[test]
    fn a_token_has_the_shape_of_one() {
        for wrong in
            ["", "ak", "ak_a_b", &format!("{}_x", token('a', 's')), &token('a', '-'), &token('ä', 's')]
        {
            assert_eq!(parse("token", json!(wrong)).unwrap_err(), BadDocument::Token, "{wrong}");
        }
        for wrong in ["", "../roles", "o/1", &"o".repeat(65)] {
            assert_eq!(parse("organization_id", json!(wrong)).unwrap_err(), BadDocument::OrganizationId);
        }
        assert_eq!(parse("token", json!(1)).unwrap_err(), BadDocument::Shape);
        assert_eq!(Document::parse("not JSON").unwrap_err(), BadDocument::Shape);
    }

    #[test]
    fn a_secret_is_sent_by_tls_or_to_this_machine() {
        for api in [
            "https://keys.example",
            "https://keys.example:8443/base/",
            "http://127.0.0.1:3000",
            "http://localhost:3000/",
            "http://[::1]:3000",
        ] {
            assert!(parse("api", json!(api)).is_ok(), "{api}");
        }
        for api in [
            "http://keys.example",
            "http://127.0.0.1.evil.example",
            "http://127.0.0.1@evil.example",
            "https://user@keys.example",
            "https://keys.example?x=1",
            "https://keys.example/#x",
            "ftp://127.0.0.1",
            "keys.example",
            "/v1",
            "",
        ] {
            assert_eq!(parse("api", json!(api)).unwrap_err(), BadDocument::Api, "{api}");
        }
        let long = |length: usize| format!("{:/<length$}", "https://keys.example");
        assert!(parse("api", json!(long(512))).is_ok());
        assert_eq!(parse("api", json!(long(513))).unwrap_err(), BadDocument::Api);
        let document = parse("api", json!("https://keys.example/base/")).unwrap();
        assert_eq!(document.url("/v1/whoami"), "https://keys.example/base/v1/whoami");
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", parse("note", json!("hidden")).unwrap());
        assert!(
            !shown.contains('s'.to_string().repeat(SECRET).as_str()) && !shown.contains("hidden"),
            "{shown}"
        );
    }
}
