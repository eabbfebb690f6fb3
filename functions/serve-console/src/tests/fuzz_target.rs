//! Plays requests of the console's pages and files.

use std::{
    future::Future as _,
    pin::pin,
    task::{Context, Poll, Waker},
};

use api::takes_gzip;
use lambda_http::{Body, Response};
use serde_json::{Value, json};

use super::header;
use crate::{assets::HASH, serve_console};

/// Answers a request; `None` if the gateway would refuse a header.
fn answer(path: &str, headers: &[(&str, &str)]) -> Option<Response<Body>> {
    let sample = include_str!("../../../../tests/events/serve-console.json");
    let mut event: Value = serde_json::from_str(sample).unwrap();
    event["pathParameters"]["path"] = json!(path);
    event["headers"] = json!({"host": "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com"});
    for (name, value) in headers {
        event["headers"][name] = json!(value);
    }
    let request = lambda_http::request::from_str(&event.to_string()).ok()?;
    // It waits for nothing, so one look is enough.
    let mut answer = pin!(serve_console(request));
    match answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(response) => Some(response.unwrap_or_else(|error| panic!("{error}"))),
        Poll::Pending => unreachable!("it waits for nothing"),
    }
}

/// Each input is a request: its `path`, `if_none_match` and `accept_encoding`, in which `{hash}` stands for that of the files.
#[test]
fn fuzzed_requests_of_the_console_get_a_page_a_file_of_its_version_or_nothing() {
    fuzz::documents("console_path").play(|text| {
        let request: Value = serde_json::from_str(text).unwrap_or_default();
        let member = |name: &str| Some(request.get(name)?.as_str()?.replace("{hash}", HASH));
        let Some(path) = member("path") else { return false };
        let (known, accepted) = (member("if_none_match"), member("accept_encoding"));
        let given = [("if-none-match", &known), ("accept-encoding", &accepted)];
        let headers: Vec<_> =
            given.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))).collect();
        let Some(response) = answer(&path, &headers) else { return false };
        // A header that is no ASCII text counts as absent.
        let is_text = |value: &&str| value.chars().all(|c| matches!(c, ' '..='~' | '\t'));
        let known = known.as_deref().filter(is_text).unwrap_or_default();
        let accepted = accepted.as_deref().filter(is_text);

        let status = response.status().as_u16();
        if let Some(rest) = path.strip_prefix("assets/") {
            let file = rest.strip_prefix(&format!("{HASH}/"));
            if status == 200 {
                let file = file.expect("a file of another version is none");
                assert!(file.split('/').all(|part| !part.is_empty() && part != ".."), "{file}");
                assert!(header(response.headers(), "cache-control").contains("immutable"));
            } else {
                assert_eq!(status, 404);
                assert_ne!(file, Some("index.html"));
            }
        } else if path.contains('.') {
            assert_eq!(status, 404);
        } else {
            let entity_tag = format!("\"{HASH}\"");
            let names = ["*".to_owned(), format!("W/{entity_tag}"), entity_tag.clone()];
            let is_known = known.split(',').any(|tag| names.iter().any(|name| tag.trim() == name));
            assert_eq!(status, if is_known { 304 } else { 200 });
            assert_eq!(header(response.headers(), "etag"), entity_tag);
        }
        let is_compressed = header(response.headers(), "content-encoding") == "gzip";
        assert_eq!(is_compressed, status == 200 && takes_gzip(accepted.into_iter()));
        status != 404
    });
}
