//! Queries and cookies of requests.

use super::*;
use crate::gateway_event::{GatewayEvent, to_request};

/// Decodes a part of a query; `None` if it is not UTF-8 then.
fn decoded(text: &str) -> Option<String> {
    let (mut read, mut rest) = (Vec::new(), text.as_bytes());
    while let [first, after @ ..] = rest {
        let digits =
            after.get(..2).filter(|digits| *first == b'%' && digits.iter().all(u8::is_ascii_hexdigit));
        let escaped = digits.and_then(|digits| u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok());
        read.push(escaped.unwrap_or(if *first == b'+' { b' ' } else { *first }));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(read).ok()
}

#[test]
fn fuzzed_queries_give_each_known_parameter_once() {
    const KNOWN: [&str; 3] = ["state", "q", "limit"];
    let sample = include_str!("../../../../tests/events/describe-caller.json");
    let sample: serde_json::Value = serde_json::from_str(sample).unwrap();
    fuzz::texts("query").play(|text| {
        let mut event = sample.clone();
        event["rawQueryString"] = text.into();
        let event: GatewayEvent = serde_json::from_str(&event.to_string()).unwrap();
        let Ok(Ok(parsed)) = event.parse() else { return false };
        let Ok(request) = to_request(*parsed) else { return false };
        let request = Request::read_open(request).unwrap_or_else(|error| panic!("{error}"));
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let pairs: Vec<_> = pairs.map(|(name, value)| (decoded(name), decoded(value))).collect();
        let names: Vec<_> = pairs.iter().map(|(name, _)| name.as_deref().unwrap_or_default()).collect();
        let is_right = names.iter().all(|name| KNOWN.contains(name))
            && KNOWN.iter().all(|known| names.iter().filter(|name| *name == known).count() < 2)
            && pairs.iter().all(|(_, value)| value.is_some());
        let read = request.query(&KNOWN).ok();
        let is_taken = is_right && !names.is_empty();
        let expected = pairs.into_iter().filter_map(|(name, value)| name.zip(value)).collect();
        assert_eq!(read, is_right.then_some(expected));
        is_taken
    });
}

#[test]
fn a_cookie_that_is_not_ascii_hides_no_other() {
    let sample = include_str!("../../../../tests/events/describe-caller.json");
    let mut request = lambda_http::request::from_str(sample).unwrap();
    let line = b"a=1;b=Zo\xc3\xab; c=\xff ;\td=2 ";
    request.headers_mut().insert(header::COOKIE, HeaderValue::from_bytes(line).unwrap());
    let request = Request::read_open(request).unwrap_or_else(|error| panic!("{error}"));
    assert!(request.cookies().eq(["a=1", "b=Zo\u{eb}", "\td=2 "]));
}
