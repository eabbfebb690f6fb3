//! The issuer's token endpoint: it takes a code and answers tokens.

use std::{collections::BTreeMap, sync::atomic::Ordering};

use hyper::{
    StatusCode,
    header::{AUTHORIZATION, CACHE_CONTROL, HeaderValue, WWW_AUTHENTICATE},
    http::request::Parts,
};
use ring::digest;
use serde_json::{Value, json};

use super::{Issuer, codes::Grant, switches::TokenEndpointBehavior};
use crate::{
    encoding,
    http::{self, ConnectionDropped, Response},
};

/// How long an ID token is valid, seconds.
const ID_TOKEN_SECONDS: i64 = 3_600;

/// Why there are no tokens: an error of RFC 6749, section 5.2.
struct TokenError(StatusCode, &'static str);

const INVALID_REQUEST: TokenError = TokenError(StatusCode::BAD_REQUEST, "invalid_request");
const INVALID_GRANT: TokenError = TokenError(StatusCode::BAD_REQUEST, "invalid_grant");
const INVALID_CLIENT: TokenError = TokenError(StatusCode::UNAUTHORIZED, "invalid_client");

impl Issuer {
    /// Counts the requests to the token endpoint.
    #[must_use]
    pub fn token_calls(&self) -> usize {
        self.token_calls.load(Ordering::SeqCst)
    }

    /// Answers `POST token`. Where the client has a secret, the request must prove it.
    pub(super) async fn exchange(
        &self,
        head: &Parts,
        body: &[u8],
        secret: Option<&str>,
    ) -> Result<Response, ConnectionDropped> {
        self.token_calls.fetch_add(1, Ordering::SeqCst);
        let behavior = self.switches().token_endpoint;
        match behavior {
            TokenEndpointBehavior::Fails => return Ok(http::empty(StatusCode::INTERNAL_SERVER_ERROR)),
            TokenEndpointBehavior::RefusesClient => return Ok(refused(INVALID_CLIENT.0, INVALID_CLIENT.1)),
            TokenEndpointBehavior::LosesRequest => return Err(ConnectionDropped),
            TokenEndpointBehavior::Hangs => std::future::pending().await,
            _ => {}
        }
        let mut answer = match self.redeem(head, body, secret) {
            Ok(grant) => self.tokens(&grant),
            Err(TokenError(status, error)) => return Ok(refused(status, error)),
        };
        match behavior {
            TokenEndpointBehavior::LosesReply => return Err(ConnectionDropped),
            TokenEndpointBehavior::Malformed => answer = json!("a.b.c"),
            TokenEndpointBehavior::TooLarge => answer["padding"] = json!("x".repeat(64 * 1024)),
            TokenEndpointBehavior::NoIdToken => answer["id_token"] = Value::Null,
            TokenEndpointBehavior::NoJwt => answer["id_token"] = json!("[".repeat(50_000)),
            _ => {}
        }
        Ok(not_stored(http::json(StatusCode::OK, &answer)))
    }

    fn redeem(&self, head: &Parts, body: &[u8], secret: Option<&str>) -> Result<Grant, TokenError> {
        let mut fields = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(body).into_owned() {
            if fields.insert(name, value).is_some() {
                return Err(INVALID_REQUEST);
            }
        }
        let given = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
        self.note_secret(given("code_verifier"));
        if given("grant_type") != "authorization_code" {
            return Err(TokenError(StatusCode::BAD_REQUEST, "unsupported_grant_type"));
        }
        let basic = head.headers.get(AUTHORIZATION).map(|value| basic(value).ok_or(INVALID_CLIENT));
        let (id, proof) = match basic.transpose()? {
            Some((id, secret)) => (id, Some(secret)),
            None => (given("client_id").to_owned(), fields.get("client_secret").cloned()),
        };
        if !self.client.is(&id) || proof.as_deref() != secret {
            return Err(INVALID_CLIENT);
        }
        let grant = self.codes.redeem(given("code"), self.clock.now()).ok_or(INVALID_GRANT)?;
        let verifier = digest::digest(&digest::SHA256, given("code_verifier").as_bytes());
        let is_theirs = grant.redirect_uri == given("redirect_uri")
            && (43..=128).contains(&given("code_verifier").len())
            && encoding::encode_url(verifier) == grant.challenge;
        if is_theirs { Ok(grant) } else { Err(INVALID_GRANT) }
    }

    fn tokens(&self, grant: &Grant) -> Value {
        let access_token = self.sign(&self.header(), &self.claims_of_client(&grant.person));
        let id_token = self.id_token(grant);
        self.note_secret(&access_token);
        self.note_secret(&id_token);
        json!({
            "access_token": access_token,
            "id_token": id_token,
            "token_type": "Bearer",
            "expires_in": super::TOKEN_SECONDS,
        })
    }

    fn id_token(&self, grant: &Grant) -> String {
        let (now, switches, client) = (self.clock.now().as_second(), self.switches(), self.client.id());
        let mut claims = json!({
            "iss": self.url, "sub": switches.subject(&grant.person.name, client), "aud": client,
            "iat": now, "exp": now + ID_TOKEN_SECONDS, "auth_time": grant.at.as_second(),
            "nonce": grant.nonce,
        });
        self.describe(&grant.person, &mut claims);
        switches.name_person(&mut claims, &grant.person.name);
        let mut header = self.header();
        switches.id_token.apply(&mut header, &mut claims, now, &self.unknown_key_id());
        if header["alg"] == "none" {
            let part = |value: &Value| encoding::encode_url(value.to_string());
            return format!("{}.{}.", part(&header), part(&claims));
        }
        if switches.id_token.is_forged() {
            return self.sign_with_unknown_key(&header, &claims);
        }
        self.sign(&header, &claims)
    }
}

/// Reads client id and secret from a `Basic` credential, in which both are encoded as in a form (RFC 6749, section 2.3.1).
fn basic(value: &HeaderValue) -> Option<(String, String)> {
    let pair = encoding::decode(value.to_str().ok()?.strip_prefix("Basic ")?)?;
    let pair = String::from_utf8(pair).ok()?;
    let (id, secret) = pair.split_once(':')?;
    let decoded = |text: &str| {
        let text = text.replace('+', " ");
        percent_encoding::percent_decode_str(&text).decode_utf8().ok().map(std::borrow::Cow::into_owned)
    };
    Some((decoded(id)?, decoded(secret)?))
}

fn refused(status: StatusCode, error: &str) -> Response {
    let mut response = not_stored(http::json(status, &json!({ "error": error })));
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic"));
    }
    response
}

fn not_stored(mut response: Response) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
