//! The issuer's routes, and what their answers have in common.

use bytes::Bytes;
use hyper::{
    Method, StatusCode,
    header::{AUTHORIZATION, CACHE_CONTROL, COOKIE, HeaderValue, LOCATION, SET_COOKIE},
    http::request::Parts,
};
use serde_json::json;

use super::{Issuer, page};
use crate::http::{self, ConnectionDropped, Response};

/// The cookie by which the issuer remembers a browser.
const BROWSER: &str = "local-oidc";

impl Issuer {
    /// Handles a request of the OpenID provider; `path` comes after `/_local/oidc/`. `None` if it is none of its routes.
    ///
    /// `secret` is the client's, if it has one.
    pub(crate) async fn handle(
        &self,
        head: &Parts,
        path: &[&str],
        body: &Bytes,
        secret: Option<&str>,
    ) -> Option<Result<Response, ConnectionDropped>> {
        let is_get = head.method == Method::GET;
        let is_known = match path {
            [".well-known", "openid-configuration"] | ["jwks.json" | "userinfo" | "logout"] => is_get,
            ["authorize"] => is_get || head.method == Method::POST,
            ["token"] => head.method == Method::POST,
            _ => false,
        };
        if !is_known {
            return None;
        }
        if self.switches().down {
            return Some(Err(ConnectionDropped));
        }
        let query = head.uri.query().unwrap_or_default();
        Some(Ok(match path {
            ["jwks.json"] => http::json(StatusCode::OK, &self.jwks()),
            ["userinfo"] => {
                let authorization = head.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
                self.userinfo(authorization, query).await
            }
            ["logout"] => self.log_out(head, query),
            ["authorize"] if is_get => self.show_sign_in(head),
            ["authorize"] => self.sign_in(body),
            ["token"] => return Some(self.exchange(head, body, secret).await),
            _ => http::json(StatusCode::OK, &self.discovery()),
        }))
    }

    /// Forgets the browser. Sends it back where the client registered that.
    fn log_out(&self, head: &Parts, query: &str) -> Response {
        if let Some(browser) = cookie(head) {
            self.signed_in.forget(&browser);
        }
        let given = |wanted: &str| {
            let mut fields = form_urlencoded::parse(query.as_bytes()).into_owned();
            fields.find(|(name, _)| name == wanted).map(|(_, value)| value).unwrap_or_default()
        };
        let back = given("post_logout_redirect_uri");
        let response = if self.client.is(&given("client_id")) && self.client.may_return_to(&back) {
            match given("state") {
                state if state.is_empty() => see_other(&back),
                state => see_other(&with_query(&back, &[("state", &state)])),
            }
        } else {
            page::message(StatusCode::OK, "You are signed out of the development issuer.")
        };
        with_cookie(response, &format!("{BROWSER}=; Max-Age=0"))
    }

    /// Describes the provider to its clients.
    pub(crate) fn discovery(&self) -> serde_json::Value {
        let at = |path: &str| format!("{}/{path}", self.url);
        let mut document = json!({
            "issuer": self.url,
            "jwks_uri": at("jwks.json"),
            "authorization_endpoint": at("authorize"),
            "token_endpoint": at("token"),
            "end_session_endpoint": at("logout"),
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code"],
            "code_challenge_methods_supported": ["S256"],
            "scopes_supported": ["openid", "email", "profile"],
            "claims_supported": ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "email", "email_verified", "name"],
            "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
            "authorization_response_iss_parameter_supported": true,
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
        });
        if self.has_userinfo() {
            document["userinfo_endpoint"] = json!(self.userinfo_endpoint());
        }
        document
    }
}

/// Sends the browser elsewhere. What is sent there is not kept.
pub(super) fn see_other(url: &str) -> Response {
    let mut response = http::empty(StatusCode::SEE_OTHER);
    let url = HeaderValue::try_from(url).expect("a registered URL with an encoded query is a header value");
    response.headers_mut().insert(LOCATION, url);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Appends a query to a URL that has none.
pub(super) fn with_query(url: &str, fields: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    format!("{url}?{query}")
}

/// Reads the cookie that names the browser.
pub(super) fn cookie(head: &Parts) -> Option<String> {
    let lines = head.headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == BROWSER).map(|(_, value)| value.to_owned())
}

/// Gives the browser a name.
pub(super) fn set_cookie(response: Response, browser: &str) -> Response {
    with_cookie(response, &format!("{BROWSER}={browser}"))
}

fn with_cookie(mut response: Response, cookie: &str) -> Response {
    let cookie = format!("{cookie}; Path=/_local/oidc; HttpOnly; SameSite=Lax");
    let cookie = HeaderValue::try_from(cookie).expect("letters and digits are a header value");
    response.headers_mut().append(SET_COOKIE, cookie);
    response
}
