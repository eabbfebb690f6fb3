//! The issuer's pages: plain HTML, without a script.

use askama::Template;
use hyper::{
    StatusCode,
    header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY},
};
use ring::digest;

use super::people::Person;
use crate::{
    encoding,
    http::{self, Response},
};

const STYLE: &str = include_str!("../../templates/issuer.css");

/// Lets anybody say who they are.
#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn<'a> {
    style: &'static str,
    /// The parameters of the request, which the form repeats.
    repeated: Vec<(&'a str, &'a str)>,
    recent: &'a [Person],
}

/// Says one thing.
#[derive(Template)]
#[template(path = "message.html")]
struct Message<'a> {
    style: &'static str,
    text: &'a str,
}

/// Shows the sign-in page. Its form leads to one of these origins in the end.
pub(super) fn sign_in(origins: &[String], repeated: Vec<(&str, &str)>, recent: &[Person]) -> Response {
    let page = SignIn { style: STYLE, repeated, recent };
    html(StatusCode::OK, &page, &format!("'self' {}", origins.join(" ")))
}

/// Shows a page with one sentence.
pub(super) fn message(status: StatusCode, text: &str) -> Response {
    html(status, &Message { style: STYLE, text }, "'none'")
}

/// A page may load nothing but its own style, and send forms to `form_action` alone. Browsers apply this to the redirection
/// that answers a form too.
fn html(status: StatusCode, page: &impl Template, form_action: &str) -> Response {
    let body = page.render().expect("the pages render from text alone");
    let mut response = http::response(status, "text/html; charset=utf-8", body);
    let style = encoding::encode(digest::digest(&digest::SHA256, STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action {form_action}; frame-ancestors 'none'"
    );
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::try_from(policy).expect("a policy of ASCII is a header value"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // The form's `Origin` would be `null` without any referrer, and the stack refuses that.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    #[tokio::test]
    async fn what_people_and_clients_wrote_is_text_on_the_page() {
        let person = Person {
            name: "<b>\"alice\"</b>".to_owned(),
            email: Some("a'b@example.com".to_owned()),
            email_verified: false,
        };
        let repeated = vec![("state", "\"><script>alert(1)</script>")];
        let response = sign_in(&["http://127.0.0.1:3000".to_owned()], repeated, &[person]);
        let policy = response.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
        assert!(policy.contains("form-action 'self' http://127.0.0.1:3000;"), "{policy}");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let page = String::from_utf8(body.to_vec()).unwrap();
        for raw in ["<script", "<b>", "a'b"] {
            assert!(!page.contains(raw), "{raw}");
        }
        assert!(page.contains("Anybody can be anybody here. This page exists on your machine only."));
    }
}
