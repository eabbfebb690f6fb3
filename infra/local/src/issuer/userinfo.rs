//! The issuer's userinfo endpoint.

use std::sync::atomic::Ordering;

use hyper::{
    StatusCode,
    header::{HeaderValue, LOCATION, WWW_AUTHENTICATE},
};
use ring::signature::{ECDSA_P256_SHA256_FIXED, KeyPair as _, UnparsedPublicKey};
use serde_json::{Value, json};

use super::{Issuer, switches::UserinfoBehavior};
use crate::{
    encoding,
    http::{self, Response},
    tasks::lock,
};

/// The most people whose claims are remembered. Beyond it all are forgotten.
const MAX_PEOPLE: usize = 10_000;

/// The query of a redirection's target.
const REDIRECTED: &str = "redirected";

impl Issuer {
    /// Returns the address of the userinfo endpoint.
    pub(super) fn userinfo_endpoint(&self) -> String {
        format!("{}/userinfo", self.url)
    }

    /// Tells whether there is a userinfo endpoint.
    pub(super) fn has_userinfo(&self) -> bool {
        self.switches().userinfo != UserinfoBehavior::Missing
    }

    /// Counts the requests to the userinfo endpoint.
    #[must_use]
    pub fn userinfo_calls(&self) -> usize {
        self.userinfo_calls.load(Ordering::SeqCst)
    }

    /// Remembers what the endpoint says of a person.
    pub(super) fn remember(&self, claims: &Value) {
        let mut people = lock(&self.people);
        if people.len() >= MAX_PEOPLE {
            people.clear();
        }
        people.insert(claims["sub"].as_str().unwrap_or_default().to_owned(), claims.clone());
    }

    /// Answers with the claims of the bearer, or as the switches say.
    pub(crate) async fn userinfo(&self, authorization: Option<&str>, query: &str) -> Response {
        self.userinfo_calls.fetch_add(1, Ordering::SeqCst);
        let bearer = authorization.and_then(|value| value.strip_prefix("Bearer "));
        let Some(mut claims) = bearer.and_then(|token| self.claims_of(token)) else {
            let mut refusal = http::json(StatusCode::UNAUTHORIZED, &json!({ "error": "invalid_token" }));
            refusal.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            return refusal;
        };
        match self.switches().userinfo {
            UserinfoBehavior::Claims | UserinfoBehavior::Missing => {}
            UserinfoBehavior::Redirects if query == REDIRECTED => {}
            UserinfoBehavior::Refuses => {
                return http::json(StatusCode::FORBIDDEN, &json!({ "error": "insufficient_scope" }));
            }
            UserinfoBehavior::Fails => return http::empty(StatusCode::INTERNAL_SERVER_ERROR),
            UserinfoBehavior::Hangs => std::future::pending().await,
            UserinfoBehavior::AnotherSubject => claims["sub"] = json!("somebody-else"),
            UserinfoBehavior::Redirects => {
                let target = format!("{}?{REDIRECTED}", self.userinfo_endpoint());
                let mut redirection = http::empty(StatusCode::TEMPORARY_REDIRECT);
                let target = HeaderValue::try_from(target).expect("the issuer's URL is a header value");
                redirection.headers_mut().insert(LOCATION, target);
                return redirection;
            }
            UserinfoBehavior::TooLarge => claims["padding"] = json!("x".repeat(64 * 1024)),
            UserinfoBehavior::Malformed => return http::json(StatusCode::OK, &json!("a.b.c")),
        }
        http::json(StatusCode::OK, &claims)
    }

    /// Returns what is known of the bearer of a token: what was remembered, or else what the token says.
    fn claims_of(&self, token: &str) -> Option<Value> {
        let (signed, signature) = token.rsplit_once('.')?;
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, self.key.public_key().as_ref());
        key.verify(signed.as_bytes(), &encoding::decode_url(signature)?).ok()?;
        let claims: Value = serde_json::from_slice(&encoding::decode_url(signed.split('.').nth(1)?)?).ok()?;
        if claims["exp"].as_i64()? <= self.clock.now().as_second() {
            return None;
        }
        let known = lock(&self.people).get(claims["sub"].as_str()?).cloned();
        Some(known.unwrap_or(claims))
    }
}
