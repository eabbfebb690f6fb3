//! The identity provider's published keys, fetched when first needed and then cached.

use std::{
    fmt,
    sync::OnceLock,
    time::{Duration, Instant},
};

use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{Jwk, JwkSet, KeyAlgorithm, PublicKeyUse},
};
use lambda_http::http::Uri;
use serde::{Deserialize, de::DeserializeOwned};
use tokio::sync::Mutex;

/// The age at which keys are fetched anew, so that a withdrawn one is forgotten.
const MAX_AGE: Duration = Duration::from_hours(1);

/// How long the last keys are used while the issuer does not answer.
const RETENTION: Duration = Duration::from_hours(24);

/// The shortest time between two fetches, whatever unknown keys callers name and whether the issuer answers.
const MIN_REFETCH_INTERVAL: Duration = Duration::from_secs(10);

/// The largest document to read, bytes. No issuer's documents come near it.
const MAX_DOCUMENT_SIZE: usize = 256 * 1024;

type Https = Client<HttpsConnector<HttpConnector>, Empty<&'static [u8]>>;

/// The published keys of the identity provider.
pub(crate) struct Jwks {
    discovery: String,
    issuer: String,
    url: Option<String>,
    timeout: Duration,
    client: OnceLock<Https>,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    keys: Option<(JwkSet, Instant)>,
    tried: Option<Instant>,
}

/// Why keys could not be fetched: an error of ours or the issuer's, never a refusal of the caller.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JwksFailure {
    /// The address is not an https one, nor one of this machine.
    #[error("{0} is not an https address")]
    BadAddress(String),
    /// There was no answer, or not in time.
    #[error("no answer from {0}")]
    NoAnswer(String),
    /// The answer is malformed, or of another issuer.
    #[error("{0} does not answer with a usable document")]
    BadAnswer(String),
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
            timeout,
            client: OnceLock::new(),
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
    ) -> Result<Option<DecodingKey>, JwksFailure> {
        let mut held = self.held.lock().await;
        let known = held.keys.as_ref().filter(|(_, fetched)| fetched.elapsed() < RETENTION);
        let known = known.map(|(keys, fetched)| (find(keys, name, algorithm), fetched.elapsed() < MAX_AGE));
        if let Some((Some(key), true)) = known {
            return Ok(Some(key));
        }
        if held.tried.is_some_and(|tried| tried.elapsed() < MIN_REFETCH_INTERVAL) {
            return match known {
                Some((key, _)) => Ok(key),
                None => Err(JwksFailure::NoAnswer(self.issuer.clone())),
            };
        }
        let now = Instant::now();
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
                let discovery: Discovery = self.get(&self.discovery).await?;
                if discovery.issuer != self.issuer {
                    return Err(JwksFailure::BadAnswer(self.discovery.clone()));
                }
                discovery.jwks_uri
            }
        };
        self.get(&url).await
    }

    async fn get<T: DeserializeOwned>(&self, url: &str) -> Result<T, JwksFailure> {
        let (no_answer, bad_answer) =
            (|| JwksFailure::NoAnswer(url.to_owned()), || JwksFailure::BadAnswer(url.to_owned()));
        let address: Uri = url.parse().map_err(|_| JwksFailure::BadAddress(url.to_owned()))?;
        let local = matches!(address.host(), Some("127.0.0.1" | "localhost" | "[::1]"));
        if address.scheme_str() != Some("https") && !local {
            return Err(JwksFailure::BadAddress(url.to_owned()));
        }
        let exchange = async {
            let response = self.client.get_or_init(client).get(address).await.map_err(|_| no_answer())?;
            if !response.status().is_success() {
                return Err(bad_answer());
            }
            let body = Limited::new(response.into_body(), MAX_DOCUMENT_SIZE)
                .collect()
                .await
                .map_err(|_| bad_answer())?;
            serde_json::from_slice(&body.to_bytes()).map_err(|_| bad_answer())
        };
        tokio::time::timeout(self.timeout, exchange).await.map_err(|_| no_answer())?
    }
}

fn client() -> Https {
    let connector = HttpsConnectorBuilder::new()
        .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
        .expect("ring supports the default TLS versions")
        .https_or_http()
        .enable_http1()
        .build();
    Client::builder(TokioExecutor::new()).build(connector)
}

/// Finds a signing key by its name, or the only one where the token names none.
fn find(keys: &JwkSet, name: Option<&str>, algorithm: Algorithm) -> Option<DecodingKey> {
    let usable = |key: &&Jwk| {
        let for_signatures =
            key.common.public_key_use.as_ref().is_none_or(|usage| *usage == PublicKeyUse::Signature);
        let for_algorithm = key.common.key_algorithm.is_none_or(|stated| same(stated, algorithm));
        for_signatures && for_algorithm
    };
    let mut candidates =
        keys.keys.iter().filter(usable).filter(|key| name.is_none() || key.common.key_id.as_deref() == name);
    let key = candidates.next()?;
    let only = candidates.next().is_none();
    let key = DecodingKey::from_jwk(key).ok()?;
    (only && key.family() == algorithm.family()).then_some(key)
}

fn same(stated: KeyAlgorithm, algorithm: Algorithm) -> bool {
    stated.to_string() == format!("{algorithm:?}")
}

impl fmt::Debug for Jwks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Jwks").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}
