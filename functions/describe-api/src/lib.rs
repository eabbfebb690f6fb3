//! Describes the API to programs: serves its OpenAPI document, with this deployment's URL and key prefix.

#[cfg(feature = "openapi")]
mod openapi;

use std::{
    collections::BTreeSet,
    io::Write as _,
    sync::{Arc, Mutex, PoisonError},
};

use api::{HandlerResult, Request, response::Cacheable, takes_gzip};
use domain::token::{KeyPrefix, Token};
use flate2::{Compression, write::GzEncoder};

#[cfg(feature = "openapi")]
pub use openapi::operations;

/// The prefix of keys in the committed document.
const COMMITTED_PREFIX: &str = "ak";

/// The URL in the committed document, which names no deployment.
const SERVER: &str = r#""url": "/""#;

/// The most URLs whose documents are kept. A deployment has one, or two with a domain of its own.
const MAX_URLS: usize = 4;

/// The documents for the URLs that were requested last, the latest first; at most `MAX_URLS`.
///
/// The gateway serves only configured domains, so that clients cannot fill this cache with invented URLs.
#[derive(Debug)]
pub struct Documents {
    text: String,
    recent: Mutex<Vec<(String, Arc<Encodings>)>>,
}

/// A document, plain and compressed.
#[derive(Debug)]
struct Encodings {
    plain: Cacheable,
    compressed: Cacheable,
}

impl Documents {
    /// Prepares the committed document, which is for keys with the prefix `ak`, for keys with this one.
    #[must_use]
    pub fn new(document: &str, prefix: &KeyPrefix) -> Self {
        Self { text: with_prefix(document, prefix), recent: Mutex::default() }
    }

    fn at(&self, url: &str) -> Arc<Encodings> {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let encodings = match recent.iter().position(|(known, _)| known == url) {
            Some(place) => recent.remove(place).1,
            None => Arc::new(Encodings::new(self.text.replacen(SERVER, &format!(r#""url": "{url}""#), 1))),
        };
        recent.insert(0, (url.to_owned(), Arc::clone(&encodings)));
        recent.truncate(MAX_URLS);
        encodings
    }
}

impl Encodings {
    fn new(text: String) -> Self {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        let written = encoder.write_all(text.as_bytes());
        let compressed = written.and_then(|()| encoder.finish()).expect("memory takes every byte");
        Self { plain: Cacheable::text(text), compressed: Cacheable::gzip(compressed) }
    }
}

/// Responds with the document, compressed if the client accepts gzip. Caches may keep it for five minutes.
///
/// # Errors
/// When the request has a query parameter, or names no valid host or stage.
pub fn describe_api(documents: &Documents, request: lambda_http::Request) -> HandlerResult {
    let request = Request::read_open(request)?;
    request.query(&[])?;
    let encodings = documents.at(&request.deployment()?);
    let compressed = takes_gzip(request.header_texts("accept-encoding"));
    request.show_cacheable(if compressed { &encodings.compressed } else { &encodings.plain })
}

/// Replaces the prefix `ak` of each key in a text. A token gets the check digits of its new prefix, also where its secret key
/// stands alone, and in its masked form.
fn with_prefix(text: &str, prefix: &KeyPrefix) -> String {
    if prefix.as_str() == COMMITTED_PREFIX {
        return text.to_owned();
    }
    let in_token = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let starts = text.match_indices("ak_").map(|(start, _)| start);
    let starts: Vec<_> = starts.filter(|start| !text[..*start].ends_with(in_token)).collect();
    let mut replaced = String::with_capacity(text.len());
    let mut end = 0;
    for start in &starts {
        replaced.push_str(&text[end..*start]);
        replaced.push_str(prefix.as_str());
        end = start + COMMITTED_PREFIX.len();
    }
    replaced.push_str(&text[end..]);
    let committed_prefix = COMMITTED_PREFIX.parse().expect("`ak` is a prefix of keys");
    let words: BTreeSet<_> =
        starts.iter().filter_map(|start| text[*start..].split(|next| !in_token(next)).next()).collect();
    for token in words.into_iter().filter_map(|word| Token::parse(&committed_prefix, word).ok()) {
        let (old, new) = (token.to_secret(), token.with_prefix(prefix));
        let masked = |last_four: &str| format!("{}_…{last_four}", new.access_key());
        replaced = replaced
            .replace(old.secret_key(), new.secret_key())
            .replace(&masked(old.last_four()), &masked(new.last_four()));
    }
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = include_str!("../../../infra/openapi/openapi.json");

    #[test]
    fn a_prefix_is_written_where_a_key_begins_and_nowhere_else() {
        let prefix: KeyPrefix = "acme".parse().unwrap();
        assert_eq!(
            with_prefix("`ak_<id>` leak_reported \"ak_x\" x_ak_y", &prefix),
            "`acme_<id>` leak_reported \"acme_x\" x_ak_y"
        );
        assert!(with_prefix(DOCUMENT, &prefix).contains("leak_reported"));
        assert!(!with_prefix(DOCUMENT, &prefix).contains("`ak_"));
    }

    #[test]
    fn a_token_has_the_check_digits_of_its_prefix_wherever_it_stands() {
        let [old, new] = [
            ("ak", "00000000000000000000000000000000000000000004MWDTL"),
            ("acme", "00000000000000000000000000000000000000000004T9ewF"),
        ]
        .map(|(prefix, secret_key)| {
            let key = format!("{prefix}_7HcX2mPq9LwZtR4bK1nV");
            let last_four = &secret_key[secret_key.len() - 4..];
            let other = format!("{prefix}_7HcX2mPq9LwZQd8sT0uG_…WDTL");
            format!("[\"{key}_{secret_key}\", {key}_{secret_key} {secret_key} {key}::{secret_key}, {key}_…{last_four} {other}]")
        });
        let prefix = "acme".parse().unwrap();
        assert_eq!(with_prefix(&old, &prefix), new);
        assert_eq!(with_prefix(&old, &"ak".parse().unwrap()), old);
        assert_eq!(with_prefix(DOCUMENT, &"ak".parse().unwrap()), DOCUMENT);
    }

    #[test]
    fn a_document_is_made_once_for_each_of_a_few_urls() {
        let documents = Documents::new(DOCUMENT, &"ak".parse().unwrap());
        let [one, two] = ["https://one", "https://two"].map(|url| documents.at(url));
        assert!(Arc::ptr_eq(&one, &documents.at("https://one")));
        assert!(Arc::ptr_eq(&two, &documents.at("https://two")));
        for number in 0..MAX_URLS {
            documents.at(&format!("https://{number}"));
            documents.at("https://one");
        }
        assert!(Arc::ptr_eq(&one, &documents.at("https://one")));
        assert!(!Arc::ptr_eq(&two, &documents.at("https://two")));
        assert_eq!(documents.recent.lock().unwrap().len(), MAX_URLS);
    }

    #[test]
    fn the_document_names_no_deployment_but_in_one_place() {
        assert_eq!(DOCUMENT.matches(SERVER).count(), 1);
    }
}
