//! The identity provider's published keys, fetched when first needed and then cached.

mod key_set;
mod signing_key;

use std::{fmt, time::Duration};

use api::{app::Moment, causes};
use jsonwebtoken::{Algorithm, DecodingKey};
use key_set::KeySet;
use tokio::sync::Mutex;

use crate::{
    discovery::Discovery,
    documents::{Documents, IssuerFailure},
};

/// The largest document to read, bytes. No issuer's documents come near it.
const MAX_DOCUMENT_SIZE: usize = 256 * 1024;

/// The age at which keys are fetched anew, so that a withdrawn one is forgotten.
const MAX_AGE: Duration = Duration::from_hours(1);

/// How long the last keys are used while the issuer does not answer.
const RETENTION: Duration = Duration::from_hours(24);

/// The shortest time between two fetches, whatever unknown keys callers name and whether the issuer answers.
const MIN_REFETCH_INTERVAL: Duration = Duration::from_secs(10);

/// The published keys of the identity provider.
pub struct Jwks {
    discovery: Discovery,
    url: Option<String>,
    documents: Documents,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    keys: Option<(KeySet, Moment)>,
    tried: Option<Moment>,
}

impl Jwks {
    /// Makes an empty cache. Without `url` the address of the keys comes from the issuer's discovery document.
    /// `timeout` limits each request.
    #[must_use]
    pub fn new(issuer: &str, url: Option<String>, timeout: Duration) -> Self {
        Self {
            discovery: Discovery::of(issuer),
            url,
            documents: Documents::new(timeout, MAX_DOCUMENT_SIZE),
            held: Mutex::default(),
        }
    }

    /// Finds the keys of this name that fit the algorithm. Fetches the keys anew, at most every ten seconds, where
    /// there is none.
    ///
    /// While the issuer does not answer, its last keys stay in use for a day.
    pub(crate) async fn candidates(
        &self,
        name: Option<&str>,
        algorithm: Algorithm,
        now: Moment,
    ) -> Result<Vec<DecodingKey>, IssuerFailure> {
        let mut held = self.held.lock().await;
        let known = held.keys.as_ref().filter(|(_, fetched)| fetched.is_within(RETENTION, now));
        let known =
            known.map(|(keys, fetched)| (keys.candidates(name, algorithm), fetched.is_within(MAX_AGE, now)));
        let known = match known {
            Some((found, true)) if !found.is_empty() => return Ok(found),
            known => known.map(|(found, _)| found),
        };
        if held.tried.is_some_and(|tried| tried.is_within(MIN_REFETCH_INTERVAL, now)) {
            return known.ok_or_else(|| IssuerFailure::NoAnswer(self.discovery.issuer().to_owned()));
        }
        held.tried = Some(now);
        match (self.fetch().await, known) {
            (Ok(keys), _) => {
                let found = keys.candidates(name, algorithm);
                held.keys = Some((keys, now));
                Ok(found)
            }
            // A key that nobody has published may be a stranger's invention: it fails nothing.
            (Err(failure), Some(found)) => {
                tracing::warn!(causes = causes(&failure), "the issuer's last keys stay in use");
                Ok(found)
            }
            (Err(failure), None) => Err(failure),
        }
    }

    async fn fetch(&self) -> Result<KeySet, IssuerFailure> {
        let url = match &self.url {
            Some(url) => url.clone(),
            None => {
                let endpoints = self.discovery.fetch(&self.documents).await?;
                endpoints.address("jwks_uri").ok_or_else(|| self.discovery.bad_answer())?
            }
        };
        let document: serde_json::Value = self.documents.get(&url).await?;
        let keys = KeySet::read(&document).ok_or(IssuerFailure::BadAnswer(url))?;
        keys.log_passed_over();
        Ok(keys)
    }
}

#[cfg(test)]
impl Jwks {
    /// Makes a cache that holds a published set. `None` if it is none.
    pub(crate) fn holding(document: &serde_json::Value, now: Moment) -> Option<Self> {
        let keys = Some((KeySet::read(document)?, now));
        let jwks = Self::new("https://id.example", None, Duration::ZERO);
        Some(Self { held: Mutex::new(Held { keys, tried: Some(now) }), ..jwks })
    }
}

impl fmt::Debug for Jwks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Jwks").field("issuer", &self.discovery.issuer()).finish_non_exhaustive()
    }
}
