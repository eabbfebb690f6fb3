//! The identity provider's published keys, fetched when first needed and then cached.

mod documents;
mod signing_key;

use std::{fmt, time::Duration};

use api::app::Moment;
use documents::Documents;
use jsonwebtoken::{Algorithm, DecodingKey, jwk::JwkSet};
use serde::Deserialize;
use signing_key::find;
use tokio::sync::Mutex;

pub(crate) use documents::JwksFailure;

/// The age at which keys are fetched anew, so that a withdrawn one is forgotten.
const MAX_AGE: Duration = Duration::from_hours(1);

/// How long the last keys are used while the issuer does not answer.
const RETENTION: Duration = Duration::from_hours(24);

/// The shortest time between two fetches, whatever unknown keys callers name and whether the issuer answers.
const MIN_REFETCH_INTERVAL: Duration = Duration::from_secs(10);

/// The published keys of the identity provider.
pub(crate) struct Jwks {
    discovery: String,
    issuer: String,
    url: Option<String>,
    documents: Documents,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    keys: Option<(JwkSet, Moment)>,
    tried: Option<Moment>,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

impl Jwks {
    /// Makes an empty cache. Without `url` the address of the keys comes from the issuer's discovery document.
    /// `timeout` limits each request.
    pub(crate) fn new(issuer: &str, url: Option<String>, timeout: Duration) -> Self {
        Self {
            discovery: format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/')),
            issuer: issuer.to_owned(),
            url,
            documents: Documents::new(timeout),
            held: Mutex::default(),
        }
    }

    /// Finds the key of this name. Fetches the keys anew, at most every ten seconds, for an unknown one.
    ///
    /// While the issuer does not answer, its last keys stay in use for a day.
    pub(crate) async fn key(
        &self,
        name: Option<&str>,
        algorithm: Algorithm,
        now: Moment,
    ) -> Result<Option<DecodingKey>, JwksFailure> {
        let mut held = self.held.lock().await;
        let known = held.keys.as_ref().filter(|(_, fetched)| fetched.is_within(RETENTION, now));
        let known =
            known.map(|(keys, fetched)| (find(keys, name, algorithm), fetched.is_within(MAX_AGE, now)));
        if let Some((Some(key), true)) = known {
            return Ok(Some(key));
        }
        if held.tried.is_some_and(|tried| tried.is_within(MIN_REFETCH_INTERVAL, now)) {
            return match known {
                Some((key, _)) => Ok(key),
                None => Err(JwksFailure::NoAnswer(self.issuer.clone())),
            };
        }
        held.tried = Some(now);
        match (self.fetch().await, known) {
            (Ok(keys), _) => {
                let key = find(&keys, name, algorithm);
                held.keys = Some((keys, now));
                Ok(key)
            }
            (Err(_), Some((Some(key), _))) => Ok(Some(key)),
            (Err(failure), _) => Err(failure),
        }
    }

    async fn fetch(&self) -> Result<JwkSet, JwksFailure> {
        let url = match &self.url {
            Some(url) => url.clone(),
            None => {
                let discovery: Discovery = self.documents.get(&self.discovery).await?;
                if discovery.issuer != self.issuer {
                    return Err(JwksFailure::BadAnswer(self.discovery.clone()));
                }
                discovery.jwks_uri
            }
        };
        self.documents.get(&url).await
    }
}

impl fmt::Debug for Jwks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Jwks").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}
