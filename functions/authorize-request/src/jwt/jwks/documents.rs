//! Documents of the identity provider, fetched over HTTPS.

use std::{sync::OnceLock, time::Duration};

use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use lambda_http::http::Uri;
use serde::de::DeserializeOwned;

/// The largest document to read, bytes. No issuer's documents come near it.
const MAX_DOCUMENT_SIZE: usize = 256 * 1024;

type Https = Client<HttpsConnector<HttpConnector>, Empty<&'static [u8]>>;

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

/// Fetches documents. Its client is made for the first one.
pub(super) struct Documents {
    timeout: Duration,
    client: OnceLock<Https>,
}

impl Documents {
    /// `timeout` limits each request.
    pub(super) fn new(timeout: Duration) -> Self {
        Self { timeout, client: OnceLock::new() }
    }

    /// Reads a document as JSON.
    pub(super) async fn get<T: DeserializeOwned>(&self, url: &str) -> Result<T, JwksFailure> {
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
