//! Documents of the identity provider, fetched over HTTPS.

use std::{sync::OnceLock, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Collected, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use lambda_http::http::{
    HeaderValue, Request, StatusCode, Uri,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
    request::Builder,
};
use serde::{Deserialize, de::DeserializeOwned};

type Https = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// Why there is no document of the identity provider: its failure or refusal, or a limit of ours. What a refusal means is for the
/// caller of this module to say.
#[derive(Debug, thiserror::Error)]
pub enum IssuerFailure {
    /// The address is not an https one, nor an http one of this machine.
    #[error("{0} is not an https address")]
    BadAddress(String),
    /// The access token has characters that a header cannot hold.
    #[error("the access token for {0} cannot be sent in a header")]
    UnsendableToken(String),
    /// There was no answer, or not in time.
    #[error("no answer from {0}")]
    NoAnswer(String),
    /// The issuer refused to answer.
    #[error("{url} refuses to answer: {status} {}", .code.as_deref().unwrap_or("without a code"))]
    Refused {
        /// The address.
        url: String,
        /// A status from 400 to 499.
        status: u16,
        /// The error code of OAuth (RFC 6749, section 5.2), if there is one.
        code: Option<String>,
    },
    /// The answer is a redirection, too large, malformed, or of another issuer.
    #[error("{0} does not answer with a usable document")]
    BadAnswer(String),
    /// The issuer was asked as often as an instance may ask within a second.
    #[error("{0} was asked as often as this instance may ask")]
    TooOften(String),
    /// One person brought more tokens within a second than an instance asks about.
    #[error("{0} was asked about other tokens of this person within this second")]
    TooManyTokens(String),
}

/// A form for the issuer. It holds a code and a secret, so it has no `Debug`.
pub struct Form {
    /// The encoded fields.
    pub body: String,
    /// The credential of the client, if it has one.
    pub authorization: Option<HeaderValue>,
}

/// Fetches documents. Its client is made for the first one.
#[derive(Debug)]
pub struct Documents {
    timeout: Duration,
    max_size: usize,
    client: OnceLock<Https>,
}

impl Documents {
    /// `timeout` limits each request, and `max_size` each answer, in bytes.
    #[must_use]
    pub const fn new(timeout: Duration, max_size: usize) -> Self {
        Self { timeout, max_size, client: OnceLock::new() }
    }

    /// Fetches a document.
    pub async fn get<T: DeserializeOwned>(&self, url: &str) -> Result<T, IssuerFailure> {
        self.read(url, get(url)).await
    }

    /// Fetches a document that the bearer of a token may read.
    pub async fn get_as<T: DeserializeOwned>(&self, url: &str, token: &str) -> Result<T, IssuerFailure> {
        let credential = HeaderValue::try_from(format!("Bearer {token}"));
        let credential = credential.map_err(|_| IssuerFailure::UnsendableToken(url.to_owned()))?;
        self.read(url, get(url).map(|request| authorized(request, credential))).await
    }

    /// Sends a form once, and reads the answer as a document.
    pub async fn send_form<T: DeserializeOwned>(&self, url: &str, form: &Form) -> Result<T, IssuerFailure> {
        let request = address(url).map(Request::post);
        let request = request.map(|request| {
            request
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .header(ACCEPT, "application/json")
        });
        let request = match &form.authorization {
            Some(credential) => request.map(|request| authorized(request, credential.clone())),
            None => request,
        };
        self.send(url, request, Bytes::from(form.body.clone())).await
    }

    /// Parses a JSON object. Refuses a list, from which serde would fill a struct too.
    #[must_use]
    pub fn parse<T: DeserializeOwned>(text: &[u8]) -> Option<T> {
        let is_object = text.trim_ascii_start().starts_with(b"{");
        serde_json::from_slice(text).ok().filter(|_| is_object)
    }

    async fn read<T: DeserializeOwned>(
        &self,
        url: &str,
        request: Option<Builder>,
    ) -> Result<T, IssuerFailure> {
        self.send(url, request, Bytes::new()).await
    }

    async fn send<T: DeserializeOwned>(
        &self,
        url: &str,
        request: Option<Builder>,
        body: Bytes,
    ) -> Result<T, IssuerFailure> {
        let request = request.and_then(|request| request.body(Full::new(body)).ok());
        let request = request.ok_or_else(|| IssuerFailure::BadAddress(url.to_owned()))?;
        let exchange = tokio::time::timeout(self.timeout, self.exchange(request));
        let answer = exchange.await.ok().flatten().ok_or_else(|| IssuerFailure::NoAnswer(url.to_owned()))?;
        match answer {
            (status, body) if status.is_client_error() => {
                let code = body.and_then(|body| error_code(&body));
                Err(IssuerFailure::Refused { url: url.to_owned(), status: status.as_u16(), code })
            }
            (status, Some(body)) if status.is_success() => {
                Self::parse(&body).ok_or_else(|| IssuerFailure::BadAnswer(url.to_owned()))
            }
            _ => Err(IssuerFailure::BadAnswer(url.to_owned())),
        }
    }

    /// Returns the status and the body, which is absent if it is too large or breaks off. `None` without an answer.
    async fn exchange(&self, request: Request<Full<Bytes>>) -> Option<(StatusCode, Option<Bytes>)> {
        let response = self.client.get_or_init(client).request(request).await.ok()?;
        let status = response.status();
        let body = Limited::new(response.into_body(), self.max_size).collect().await;
        Some((status, body.ok().map(Collected::to_bytes)))
    }
}

/// Reads the error code of a refusal. Leaves out one that is not 1 to 40 lower-case letters and underscores, so that an answer
/// puts no other text into the log.
fn error_code(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct OauthError {
        error: String,
    }
    let OauthError { error } = Documents::parse(body)?;
    let is_word =
        (1..=40).contains(&error.len()) && error.bytes().all(|c| c.is_ascii_lowercase() || c == b'_');
    is_word.then_some(error)
}

/// Reads an https address, or an http one of this machine. Anything else could be a script to a browser.
fn address(url: &str) -> Option<Uri> {
    let address: Uri = url.parse().ok()?;
    let is_trusted = match address.scheme_str() {
        Some("https") => true,
        Some("http") => address.authority().is_some_and(|authority| is_of_this_machine(authority.as_str())),
        _ => false,
    };
    is_trusted.then_some(address)
}

/// Tells whether an authority is this machine: its host, or its host and a port. No user stands before it.
fn is_of_this_machine(authority: &str) -> bool {
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    ["127.0.0.1", "localhost", "[::1]"]
        .iter()
        .filter_map(|host| authority.strip_prefix(host))
        .any(|rest| rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port))
}

/// Tells whether a URL is an https one, or an http one of this machine.
pub(crate) fn is_trusted(url: &str) -> bool {
    address(url).is_some()
}

fn get(url: &str) -> Option<Builder> {
    address(url).map(Request::get)
}

fn authorized(request: Builder, mut credential: HeaderValue) -> Builder {
    credential.set_sensitive(true);
    request.header(AUTHORIZATION, credential)
}

/// The client follows no redirection. It keeps no connections: while Lambda freezes an instance, the other side
/// closes them.
fn client() -> Https {
    let connector = HttpsConnectorBuilder::new()
        .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
        .expect("ring supports the default TLS versions")
        .https_or_http()
        .enable_http1()
        .build();
    Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_of_a_refusal_is_a_word_of_40_characters_at_most() {
        let code = |error: &str| error_code(serde_json::json!({"error": error}).to_string().as_bytes());
        for word in ["invalid_client", "e", &"e".repeat(40)] {
            assert_eq!(code(word).as_deref(), Some(word));
        }
        for other in ["", "Invalid", "invalid client", "a-b", "a1", "\n", &"e".repeat(41)] {
            assert_eq!(code(other), None, "{other}");
        }
        assert_eq!(error_code(b"refused"), None);
    }

    #[test]
    fn only_https_addresses_and_those_of_this_machine_are_asked() {
        for url in ["https://id.example/a", "http://127.0.0.1:1/a", "http://localhost/a", "http://[::1]/a"] {
            assert!(address(url).is_some(), "{url}");
        }
        for url in [
            "http://id.example/a",
            "ftp://id.example/a",
            "id.example",
            "",
            "http://localhost.id.example/a",
            "http://localhost@id.example/a",
            "http://localhost:80@id.example/a",
            "http://127.0.0.1:@id.example/a",
            "http://[::1]:1@id.example/a",
            "http://[::1]id.example/a",
            "localhost",
            "localhost:80",
            "ftp://localhost/a",
            "javascript://localhost/%0aalert(1)",
        ] {
            assert!(address(url).is_none(), "{url}");
        }
    }

    #[tokio::test]
    async fn a_token_that_no_header_can_hold_is_not_taken_for_a_wrong_address() {
        let documents = Documents::new(Duration::from_secs(1), 1_024);
        let url = "https://id.example/userinfo";
        for token in ["a\nb", "a\0", "\u{7f}"] {
            let failure = documents.get_as::<serde_json::Value>(url, token).await.unwrap_err();
            let said = "the access token for https://id.example/userinfo cannot be sent in a header";
            assert_eq!(failure.to_string(), said, "{token:?}");
        }
    }

    #[test]
    fn a_document_is_an_object() {
        #[derive(Debug, PartialEq, serde::Deserialize)]
        struct Sample {
            name: String,
        }
        let read = |text: &str| Documents::parse(text.as_bytes()).map(|Sample { name }| name);
        for text in [r#"{"name": "a"}"#, " \n{\"name\": \"a\", \"other\": []} "] {
            assert_eq!(read(text).as_deref(), Some("a"), "{text}");
        }
        for text in [r#"["a"]"#, r#"{"name": "a", "name": "a"}"#, r#"{"name": "a"} {}"#, "{}", "null", ""] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    fn is_word(text: &str) -> bool {
        (1..=40).contains(&text.len()) && text.chars().all(|c| matches!(c, 'a'..='z' | '_'))
    }

    #[test]
    fn fuzzed_refusals_of_providers_put_nothing_but_a_word_into_the_log() {
        fuzz::documents("provider_refusal").play(|text| {
            let read = error_code(text.as_bytes());
            assert!(read.as_deref().is_none_or(is_word));
            // Members that are not read may break rules of values, such as their depth.
            if let Ok(document) = serde_json::from_str::<serde_json::Value>(text) {
                let code = document.as_object().and_then(|members| members.get("error")?.as_str());
                let expected = code.filter(|code| is_word(code));
                assert_eq!(error_code(document.to_string().as_bytes()).as_deref(), expected);
                assert!(read.is_none() || read.as_deref() == expected);
            }
            read.is_some()
        });
    }
}
