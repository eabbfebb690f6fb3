//! The value of the secret: `{"token", "api", "organization_id"}`. Its other members stay as they are.

use std::fmt;

use http::{Uri, uri::Authority};
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
        && is_host_and_port(authority)
        && uri.query().is_none()
        && !url.contains('#')
        && url.len() <= 512
}

/// Tells whether an authority is a host, or a host and a port, without a user.
fn is_host_and_port(authority: &Authority) -> bool {
    let rest = authority.as_str().strip_prefix(authority.host());
    let is_port = |rest: &str| rest.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
    rest.is_some_and(|rest| rest.is_empty() || is_port(rest))
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
        for (length, is_taken) in [(1, false), (2, true), (10, true), (11, false)] {
            let prefixed = token('a', 's').replacen("ak", &"p".repeat(length), 1);
            assert_eq!(parse("token", json!(prefixed)).is_ok(), is_taken, "{length}");
        }
        for length in [1, 64] {
            assert!(parse("organization_id", json!("o".repeat(length))).is_ok(), "{length}");
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
            "http://[::1]evil.example",
            "http://[::1]evil.example:80",
            "https://keys.example:",
            "https://keys.example:x@keys.example:443",
            "http://127.0.0.1:x@127.0.0.1:80",
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

    fn is_alphanumeric(text: &str) -> bool {
        text.chars().all(|c| c.is_ascii_alphanumeric())
    }

    /// Returns the three parts of a token; `None` if it has another form.
    fn parts_of(token: &str) -> Option<[&str; 3]> {
        let parts: [&str; 3] = token.split('_').collect::<Vec<_>>().try_into().ok()?;
        let [prefix, id, secret] = parts.map(str::len);
        let is_token = (2..=10).contains(&prefix) && (id, secret) == (20, 49);
        (is_token && parts.into_iter().all(is_alphanumeric)).then_some(parts)
    }

    /// Tells whether only the host of a URL can read a secret that is sent there.
    fn is_safe(url: &str) -> bool {
        let (scheme, rest) = url.split_once("://").unwrap_or_default();
        let authority = rest.split('/').next().unwrap_or_default();
        let host = authority.split(':').next().unwrap_or_default();
        let is_loopback = ["127.0.0.1", "localhost"].contains(&host)
            || authority == "[::1]"
            || authority.starts_with("[::1]:");
        let is_private =
            scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http") && is_loopback;
        is_private
            && !authority.is_empty()
            && !authority.contains(['@', '\\', ' '])
            && !url.contains(['?', '#'])
    }

    /// Tells whether a URL is an `https` one of letters, digits and slashes.
    fn is_short_https(url: &str) -> bool {
        let rest = url.strip_prefix("https://").unwrap_or_default();
        url.len() <= 512 && rest.starts_with(|c: char| c != '/') && rest.split('/').all(is_alphanumeric)
    }

    /// Checks that a document is one of the rules, or breaks the rule that the refusal names.
    fn check(value: &Value, read: Result<Document, BadDocument>) {
        let member = |name: &str| value.as_object()?.get(name)?.as_str();
        let members = (member("token"), member("api"), member("organization_id"));
        let (Some(token), Some(api), Some(organization_id)) = members else {
            return assert_eq!(read.unwrap_err(), BadDocument::Shape);
        };
        let is_token = parts_of(token).is_some();
        let is_id = (1..=64).contains(&organization_id.len()) && is_alphanumeric(organization_id);
        match read {
            Ok(_) => assert!(is_token && is_safe(api) && api.len() <= 512 && is_id),
            Err(BadDocument::Token) => assert!(!is_token),
            Err(BadDocument::Api) => assert!(is_token && !is_short_https(api)),
            Err(BadDocument::OrganizationId) => assert!(is_token && is_safe(api) && !is_id),
            Err(BadDocument::Shape) => panic!("the members are texts"),
        }
    }

    #[test]
    fn fuzzed_values_of_secrets_keep_their_members_and_are_sent_to_safe_urls_alone() {
        fuzz::documents("secret_value").play(|text| {
            let value: Value = serde_json::from_str(text).unwrap_or_default();
            check(&value, Document::parse(&value.to_string()));
            let Ok(document) = Document::parse(text) else { return false };
            assert_eq!(serde_json::to_value(&document).unwrap(), value);
            let (token, api) = (value["token"].as_str().unwrap(), value["api"].as_str().unwrap());
            let [prefix, id, secret] = parts_of(token).unwrap();
            assert!(!format!("{document:?}").contains(secret));
            let again = Document::parse(&document.render()).unwrap();
            assert!(again.with_token(token.to_owned()).is_some());
            let url = document.url("/v1/whoami");
            assert!(is_safe(&url) && url.ends_with("/v1/whoami"), "{url}");
            assert_eq!(url.split('/').nth(2), api.split('/').nth(2), "the same host");

            let renewed = format!("{prefix}_{id}_{}", "s".repeat(49));
            let mut expected = value.clone();
            expected["token"] = json!(renewed);
            assert_eq!(serde_json::to_value(document.with_token(renewed).unwrap()).unwrap(), expected);
            let letter = if id.starts_with('a') { "b" } else { "a" };
            let other = format!("{prefix}_{}_{secret}", letter.repeat(20));
            assert!(document.with_token(other).is_none(), "another key");
            true
        });
    }
}
