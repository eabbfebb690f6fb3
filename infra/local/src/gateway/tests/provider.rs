//! The development OpenID provider, as a console and a browser use it.

use form_urlencoded::Serializer;
use hyper::Method;
use serde_json::{Value, json};

use super::{TestGateway, TestResponse};
use crate::{
    encoding,
    issuer::{Switches, TokenEndpointBehavior},
};

const VERIFIER: &str = "a-verifier-of-forty-three-characters-or-more";

fn challenge() -> String {
    encoding::encode_url(ring::digest::digest(&ring::digest::SHA256, VERIFIER.as_bytes()))
}

fn form(fields: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// The parameters of a good request, with these changes. An empty value leaves a parameter out.
fn request(gateway: &TestGateway, changes: &[(&str, &str)]) -> String {
    let (redirect_uri, challenge) = (format!("{}/console/callback", gateway.stack.url()), challenge());
    let good = [
        ("client_id", "access-keys-console"),
        ("redirect_uri", &redirect_uri),
        ("response_type", "code"),
        ("scope", "openid email profile"),
        ("state", "s"),
        ("nonce", "n"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    let other = |name: &str| changes.iter().find(|(other, _)| *other == name).map(|(_, value)| *value);
    let mut fields: Vec<_> =
        good.into_iter().map(|(name, value)| (name, other(name).unwrap_or(value))).collect();
    fields.extend(changes.iter().filter(|(name, _)| good.iter().all(|(known, _)| known != name)));
    fields.retain(|(_, value)| !value.is_empty());
    form(&fields)
}

/// Returns the query parameters that a redirection sends to the console.
fn sent(gateway: &TestGateway, response: &TestResponse) -> Value {
    assert_eq!(response.status, 303);
    let location = response.headers["location"].to_str().unwrap();
    let callback = format!("{}/console/callback?", gateway.stack.url());
    let query = location.strip_prefix(&callback).expect("it leads to the console").as_bytes();
    form_urlencoded::parse(query).into_owned().map(|(name, value)| (name, Value::from(value))).collect()
}

impl TestGateway {
    async fn post_form(&self, path: &str, fields: &str) -> TestResponse {
        let kind = [("content-type", "application/x-www-form-urlencoded")];
        self.send(Method::POST, &format!("/_local/oidc/{path}"), &kind, fields.as_bytes()).await
    }

    /// Signs Alice in, and returns her code and the cookie of the issuer.
    async fn code(&self) -> (String, String) {
        let person = [("name", "alice"), ("email", "alice@example.com"), ("email_verified", "on")];
        let response = self.post_form("authorize", &request(self, &person)).await;
        let cookie = response.headers["set-cookie"].to_str().unwrap();
        assert!(cookie.ends_with("; Path=/_local/oidc; HttpOnly; SameSite=Lax"), "{cookie}");
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let sent = sent(self, &response);
        assert_eq!((&sent["state"], &sent["iss"]), (&json!("s"), &json!(self.stack.issuer().url())));
        (sent["code"].as_str().unwrap().to_owned(), cookie)
    }

    async fn exchange(&self, code: &str, changes: &[(&str, &str)]) -> TestResponse {
        let redirect_uri = format!("{}/console/callback", self.stack.url());
        let good = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &redirect_uri),
            ("client_id", "access-keys-console"),
            ("code_verifier", VERIFIER),
        ];
        let other = |name: &str| changes.iter().find(|(other, _)| *other == name);
        let fields = good.map(|field| other(field.0).copied().unwrap_or(field));
        self.post_form("token", &form(&fields)).await
    }
}

fn claims(token: &Value) -> Value {
    let part = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&encoding::decode_url(part).unwrap()).unwrap()
}

#[tokio::test]
async fn a_code_becomes_the_tokens_of_the_person_once() {
    let gateway = TestGateway::start().await;
    let page = gateway.get(&format!("/_local/oidc/authorize?{}", request(&gateway, &[])), &[]).await;
    assert_eq!(
        (page.status, &page.headers["content-type"]),
        (200, &"text/html; charset=utf-8".parse().unwrap())
    );
    let (code, _) = gateway.code().await;
    let tokens = gateway.exchange(&code, &[]).await;
    assert_eq!((tokens.status, &tokens.headers["cache-control"]), (200, &"no-store".parse().unwrap()));
    let tokens = tokens.json();
    let id = claims(&tokens["id_token"]);
    let said = json!([id["aud"], id["nonce"], id["sub"], id["email"], id["email_verified"], id["name"]]);
    assert_eq!(said, json!(["access-keys-console", "n", "alice", "alice@example.com", true, "alice"]));
    assert_eq!(claims(&tokens["access_token"])["aud"], "access-keys");
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let userinfo = gateway.get("/_local/oidc/userinfo", &[("authorization", &bearer)]).await.json();
    assert_eq!((&userinfo["sub"], &userinfo["email"]), (&json!("alice"), &json!("alice@example.com")));

    let again = gateway.exchange(&code, &[]).await;
    assert_eq!((again.status, again.json()), (400, json!({"error": "invalid_grant"})));
    let known = gateway.stack.issuer().secrets();
    assert!([code.as_str(), VERIFIER].iter().all(|secret| known.contains(&(*secret).to_owned())));
    assert!(known.iter().any(|secret| tokens["id_token"] == **secret));
}

#[tokio::test]
async fn a_code_is_bound_to_its_request_and_to_a_minute() {
    let gateway = TestGateway::start().await;
    for (changes, status, error) in [
        ([("code_verifier", "another-verifier-of-forty-three-characters!!")], 400, "invalid_grant"),
        ([("redirect_uri", "http://localhost:1/console/callback")], 400, "invalid_grant"),
        ([("code", "x")], 400, "invalid_grant"),
        ([("client_id", "another")], 401, "invalid_client"),
        ([("grant_type", "password")], 400, "unsupported_grant_type"),
    ] {
        let (code, _) = gateway.code().await;
        let refused = gateway.exchange(&code, &changes).await;
        assert_eq!((refused.status, refused.json()), (status, json!({"error": error})), "{changes:?}");
    }
    let (code, _) = gateway.code().await;
    gateway.stack.clock().shift(61);
    assert_eq!(gateway.exchange(&code, &[]).await.json(), json!({"error": "invalid_grant"}));
}

#[tokio::test]
async fn a_bad_request_for_a_code_is_told_to_the_client_if_the_client_is_known() {
    let gateway = TestGateway::start().await;
    for changes in [
        [("client_id", "another")],
        [("client_id", "")],
        [("redirect_uri", "https://evil.example/console/callback")],
        [("redirect_uri", "")],
    ] {
        let path = format!("/_local/oidc/authorize?{}", request(&gateway, &changes));
        let page = gateway.get(&path, &[]).await;
        assert_eq!((page.status, page.headers.get("location")), (400, None), "{changes:?}");
    }
    for (changes, error) in [
        ([("response_type", "token")], "unsupported_response_type"),
        ([("scope", "email")], "invalid_scope"),
        ([("state", "")], "invalid_request"),
        ([("nonce", "")], "invalid_request"),
        ([("code_challenge", "short")], "invalid_request"),
        ([("code_challenge_method", "plain")], "invalid_request"),
        ([("prompt", "none")], "login_required"),
    ] {
        let path = format!("/_local/oidc/authorize?{}", request(&gateway, &changes));
        let sent = sent(&gateway, &gateway.get(&path, &[]).await);
        assert_eq!(sent["error"], error, "{changes:?}");
        assert_eq!(sent["iss"], gateway.stack.issuer().url());
    }
    let cancelled = gateway.post_form("authorize", &request(&gateway, &[("action", "cancel")])).await;
    assert_eq!(sent(&gateway, &cancelled)["error"], "access_denied");
    let twice = format!("{}&state=t", request(&gateway, &[]));
    assert_eq!(gateway.get(&format!("/_local/oidc/authorize?{twice}"), &[]).await.status, 400);
}

#[tokio::test]
async fn a_browser_is_remembered_until_it_signs_out() {
    let gateway = TestGateway::start().await;
    let (_, cookie) = gateway.code().await;
    let path = format!("/_local/oidc/authorize?{}", request(&gateway, &[]));
    let browser = [("cookie", cookie.as_str())];
    assert!(sent(&gateway, &gateway.get(&path, &browser).await)["code"].is_string());
    assert_eq!(gateway.get(&path, &[]).await.status, 200, "another browser");
    let back = format!("{}/console/signed-out", gateway.stack.url());
    let leave = |back: &str| {
        let fields = form(&[("client_id", "access-keys-console"), ("post_logout_redirect_uri", back)]);
        format!("/_local/oidc/logout?{fields}")
    };
    let elsewhere = gateway.get(&leave("https://evil.example/"), &[]).await;
    assert_eq!((elsewhere.status, elsewhere.headers.get("location")), (200, None));
    let left = gateway.get(&leave(&back), &browser).await;
    assert_eq!((left.status, left.headers["location"].to_str().unwrap()), (303, back.as_str()));
    assert_eq!(gateway.get(&path, &browser).await.status, 200, "it is forgotten");
}

#[tokio::test]
async fn the_issuer_fails_where_a_switch_says_so() {
    let gateway = TestGateway::start().await;
    let (code, _) = gateway.code().await;
    let behaves = |token_endpoint| Switches { token_endpoint, ..Switches::default() };
    gateway.stack.issuer().switch(behaves(TokenEndpointBehavior::Fails));
    assert_eq!(gateway.exchange(&code, &[]).await.status, 500);
    gateway.stack.issuer().switch(behaves(TokenEndpointBehavior::NoIdToken));
    assert_eq!(gateway.exchange(&code, &[]).await.json()["id_token"], Value::Null);
    assert_eq!(gateway.stack.issuer().token_calls(), 2);
    let down = br#"{"down": true}"#;
    assert_eq!(gateway.send(Method::PUT, "/_local/oidc/switches", &[], down).await.status, 204);
    let url = format!("{}/_local/oidc/jwks.json", gateway.stack.url());
    let request = hyper::Request::get(url).body(http_body_util::Full::default()).unwrap();
    assert!(gateway.client.request(request).await.is_err());
}
