//! Describes the API to programs: serves its OpenAPI document, with this deployment's URL and key prefix.

#[cfg(feature = "openapi")]
mod openapi;

use std::{
    io::Write as _,
    sync::{Arc, Mutex, PoisonError},
};

use api::{HandlerResult, Request, response::Cacheable, takes_gzip};
use domain::token::KeyPrefix;
use flate2::{Compression, write::GzEncoder};

#[cfg(feature = "openapi")]
pub use openapi::operations;

/// The document as it is committed: for the prefix `ak`, and without the URL of a deployment.
const DOCUMENT: &str = include_str!("../../../infra/openapi/openapi.json");

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
    recent: Mutex<Vec<(String, Arc<Both>)>>,
}

/// A document, plain and compressed.
#[derive(Debug)]
struct Both {
    plain: Cacheable,
    compressed: Cacheable,
}

impl Documents {
    /// Prepares the document for keys with this prefix.
    #[must_use]
    pub fn new(prefix: &KeyPrefix) -> Self {
        Self { text: with_prefix(DOCUMENT, prefix), recent: Mutex::default() }
    }

    fn at(&self, url: &str) -> Arc<Both> {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let both = match recent.iter().position(|(known, _)| known == url) {
            Some(place) => recent.remove(place).1,
            None => Arc::new(Both::new(self.text.replacen(SERVER, &format!(r#""url": "{url}""#), 1))),
        };
        recent.insert(0, (url.to_owned(), Arc::clone(&both)));
        recent.truncate(MAX_URLS);
        both
    }
}

impl Both {
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
    let both = documents.at(&request.deployment()?);
    let compressed = takes_gzip(request.header_texts("accept-encoding"));
    request.show_cacheable(if compressed { &both.compressed } else { &both.plain })
}

/// Replaces the prefix `ak` of each key in a text.
fn with_prefix(text: &str, prefix: &KeyPrefix) -> String {
    const WRITTEN: &str = "ak_";
    let mut rest = text;
    let mut written = String::with_capacity(text.len());
    while let Some(at) = rest.find(WRITTEN) {
        let (before, found) = rest.split_at(at);
        let begins =
            !before.ends_with(|character: char| character.is_ascii_alphanumeric() || character == '_');
        written.push_str(before);
        written.push_str(if begins { prefix.as_str() } else { "ak" });
        written.push('_');
        rest = &found[WRITTEN.len()..];
    }
    written + rest
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_document_is_made_once_for_each_of_a_few_urls() {
        let documents = Documents::new(&"ak".parse().unwrap());
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
