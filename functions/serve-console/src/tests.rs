//! Tests of the answers. `tests/files.rs` has those of the files themselves.

mod files;
mod fuzz_target;

use std::{
    future::Future as _,
    io::Read as _,
    pin::pin,
    task::{Context, Poll, Waker},
};

use flate2::read::GzDecoder;
use lambda_http::{
    Body, Response, aws_lambda_events::apigw::ApiGatewayV2httpRequest, http::header::HeaderMap,
    request::LambdaRequest,
};
use serde_json::{Value, json};

use crate::{
    assets::{FILES, HASH},
    serve_console,
};

fn get(path: &str, headers: &[(&str, &str)]) -> Response<Body> {
    let mut event: Value =
        serde_json::from_str(include_str!("../../../tests/events/serve-console.json")).unwrap();
    event["rawPath"] = json!(path);
    event["requestContext"]["http"]["path"] = json!(path);
    match path.strip_prefix("/console/") {
        Some(rest) => event["pathParameters"] = json!({"path": rest}),
        None => {
            event["requestContext"]["routeKey"] = json!("GET /console");
            event.as_object_mut().unwrap().remove("pathParameters");
        }
    }
    event["headers"] = json!({"host": "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com"});
    for (name, value) in headers {
        event["headers"][name] = json!(value);
    }
    let event: ApiGatewayV2httpRequest = serde_json::from_value(event).unwrap();
    // It waits for nothing, so one look is enough.
    let mut answer = pin!(serve_console(LambdaRequest::ApiGatewayV2(event).into()));
    match answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(response) => response.unwrap(),
        Poll::Pending => unreachable!("it waits for nothing"),
    }
}

fn text(response: &Response<Body>) -> String {
    match response.body() {
        Body::Text(text) => text.clone(),
        Body::Binary(bytes) => {
            assert_eq!(response.headers()["content-encoding"], "gzip");
            let mut text = String::new();
            GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
            text
        }
        _ => String::new(),
    }
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers.get(name).map_or("", |value| value.to_str().unwrap())
}

#[test]
fn every_file_is_served_by_its_hash_plain_and_compressed() {
    for file in &FILES {
        let path = format!("/console/assets/{HASH}/{}", file.path);
        for headers in [&[][..], &[("accept-encoding", "gzip, deflate, br")]] {
            let response = get(&path, headers);
            assert_eq!(response.status(), 200, "{path}");
            assert_eq!(text(&response), file.text, "{path}");
            assert_eq!(response.headers().contains_key("content-encoding"), !headers.is_empty(), "{path}");
            assert_eq!(header(response.headers(), "cache-control"), "public, max-age=31536000, immutable");
            assert_eq!(header(response.headers(), "vary"), "accept-encoding");
            assert_eq!(header(response.headers(), "content-type"), file.media_type());
        }
    }
}

#[test]
fn unknown_files_and_other_versions_are_not_found_and_not_kept() {
    let other_version = "/console/assets/0123456789abcdef/main.js".to_owned();
    let unknown = format!("/console/assets/{HASH}/missing.js");
    let above = format!("/console/assets/{HASH}/../Cargo.toml");
    let folder = format!("/console/assets/{HASH}/parts");
    let bare = "/console/assets/main.js".to_owned();
    for path in [other_version, unknown, above, folder, bare, "/console/robots.txt".to_owned()] {
        let response = get(&path, &[]);
        assert_eq!(response.status(), 404, "{path}");
        assert_eq!(header(response.headers(), "cache-control"), "no-store", "{path}");
        assert!(response.headers().contains_key("content-security-policy"), "{path}");
    }
}

#[test]
fn every_page_answers_the_index_which_names_the_hash() {
    for path in ["/console", "/console/new", "/console/7HcX2mPq9LwZtR4b/me/access-keys"] {
        let response = get(path, &[("accept-encoding", "gzip")]);
        assert_eq!(response.status(), 200, "{path}");
        let text = text(&response);
        assert_eq!(text.matches(&format!("/console/assets/{HASH}/")).count(), 4, "{path}");
        assert!(!text.contains("{hash}"), "{path}");
        assert_eq!(header(response.headers(), "content-type"), "text/html; charset=utf-8");
        assert_eq!(header(response.headers(), "cache-control"), "no-cache");
        assert_eq!(header(response.headers(), "etag"), format!("\"{HASH}\""));
    }
}

#[test]
fn a_browser_that_has_the_page_is_told_so() {
    let tag = format!("\"{HASH}\"");
    for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
        let response = get("/console", &[("if-none-match", &known)]);
        assert_eq!(response.status(), 304, "{known}");
        assert!(matches!(response.body(), Body::Empty));
        assert_eq!(header(response.headers(), "etag"), tag);
        assert!(response.headers().contains_key("content-security-policy"));
    }
    for other in ["\"other\"", "", "nonsense"] {
        assert_eq!(get("/console", &[("if-none-match", other)]).status(), 200, "{other}");
    }
}

#[test]
fn the_headers_are_exact() {
    let response = get("/console", &[]);
    let mut headers: Vec<_> = response
        .headers()
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    headers.sort();
    let etag = format!("etag: \"{HASH}\"");
    let expected = [
        "cache-control: no-cache",
        "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types lit-html",
        "content-type: text/html; charset=utf-8",
        "cross-origin-opener-policy: same-origin",
        "cross-origin-resource-policy: same-origin",
        &etag,
        "permissions-policy: clipboard-write=(self), clipboard-read=(), camera=(), microphone=(), geolocation=(), payment=(), usb=()",
        "referrer-policy: no-referrer",
        "strict-transport-security: max-age=31536000",
        "vary: accept-encoding",
        "x-content-type-options: nosniff",
        "x-robots-tag: noindex",
    ];
    assert_eq!(headers, expected);
}
