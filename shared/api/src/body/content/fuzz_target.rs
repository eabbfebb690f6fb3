//! Plays bodies with their headers against everything that reads a body.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::Error;
use serde_json::{Value, json};

use crate::{
    BodyError, HandlerError, Request,
    body::parse,
    gateway_event::{GatewayEvent, to_request},
};

/// The most bytes of a body here, so that some are larger.
const LIMIT: usize = 120;

const JSON: &str = "application/json";
const MERGE_PATCH: &str = "application/merge-patch+json";

/// What a reader makes of a body, or the name of the first check that refuses it.
type Outcome<T = Value> = Result<T, &'static str>;

fn outcome<T>(result: Result<T, HandlerError>) -> Outcome<T> {
    result.map_err(|error| match error {
        HandlerError::Body(BodyError::TooLarge { limit: LIMIT }) => "size",
        HandlerError::Body(BodyError::ContentCoding) => "coding",
        HandlerError::Body(BodyError::UnsupportedMediaType { .. }) => "type",
        HandlerError::Refused(Error::Invalid { field, .. }) if field == "body" => "content",
        error => panic!("{error}"),
    })
}

/// Makes the request of an event. `None` if it is refused before any handler has it.
fn request_of(event: &Value) -> Option<Request<()>> {
    let sample = include_str!("../../../../../tests/events/describe-caller.json");
    let mut whole: Value = serde_json::from_str(sample).unwrap();
    for member in ["headers", "body", "isBase64Encoded"] {
        whole[member] = event[member].clone();
    }
    let event: GatewayEvent = serde_json::from_str(&whole.to_string()).unwrap();
    let request = to_request(*event.parse().ok()?.ok()?).ok()?;
    Some(Request::read_open(request).unwrap_or_else(|error| panic!("{error}")))
}

/// Returns the values of a header; `name` is in lower case, as all names that the gateway writes.
fn values<'e>(event: &'e Value, name: &str) -> Vec<&'e str> {
    match &event["headers"][name] {
        Value::Array(values) => values.iter().filter_map(Value::as_str).collect(),
        value => value.as_str().into_iter().collect(),
    }
}

fn is_coded(event: &Value) -> bool {
    let codings = values(event, "content-encoding").join(",").to_ascii_lowercase();
    codings
        .split(',')
        .map(|coding| coding.trim_matches([' ', '\t']))
        .any(|coding| !["", "identity"].contains(&coding))
}

fn is_of_type(event: &Value, types: &[&str]) -> bool {
    let value = values(event, "content-type").first().map(|value| value.to_ascii_lowercase());
    let named = value.as_deref().map(|value| value.split_once(';').map_or(value, |(named, _)| named));
    named.is_none_or(|named| {
        types.contains(&named.trim_matches([' ', '\t'])) && values(event, "content-type")[0].is_ascii()
    })
}

/// Returns the body without a byte order mark and white space.
fn content(request: &Request<()>) -> &[u8] {
    let bytes = request.bytes();
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii()
}

/// Reads an object by the rules, check by check.
fn expected(event: &Value, request: &Request<()>, types: &[&str]) -> Outcome {
    let (bytes, content) = (request.bytes(), content(request));
    match () {
        () if bytes.len() > LIMIT => Err("size"),
        () if !bytes.is_empty() && is_coded(event) => Err("coding"),
        () if !content.starts_with(b"{") => Err("content"),
        () if !is_of_type(event, types) => Err("type"),
        () => parse(content).map_err(|_| "content"),
    }
}

/// Checks every reader, and returns what is read of an object.
fn read(event: &Value) -> Option<Outcome> {
    let request = request_of(event)?;
    let content = content(&request);
    let body = outcome(request.body_within::<Value>(LIMIT));
    assert_eq!(body, expected(event, &request, &[JSON]));

    let is_none = [&b""[..], b"null"].contains(&content);
    if request.bytes().len() <= LIMIT {
        let optional = outcome(request.optional_body::<Value>());
        assert_eq!(optional, if is_none { Ok(None) } else { body.clone().map(Some) });
        let patch = outcome(request.patch::<Value>());
        assert_eq!(patch, expected(event, &request, &[JSON, MERGE_PATCH]));
    }
    let is_empty =
        is_none || serde_json::from_slice(content).is_ok_and(|content: Value| content == json!({}));
    let refused = if is_coded(event) { "coding" } else { "content" };
    assert_eq!(outcome(request.no_body()), if is_empty { Ok(()) } else { Err(refused) });

    let list = outcome(request.list_of_readable::<Value>(LIMIT));
    let refused = expected(event, &request, &[JSON]).err().filter(|check| ["size", "coding"].contains(check));
    let refused = refused.or_else(|| (!is_of_type(event, &[JSON])).then_some("type"));
    let plain = serde_json::from_slice::<Vec<Value>>(content).ok();
    match (list, refused) {
        (list, Some(check)) => assert_eq!(list, Err(check)),
        // An element that is no JSON to `Value` is passed over.
        (Ok(list), None) => assert!(request.holds_list() && plain.is_none_or(|plain| plain == list)),
        (Err(check), None) => assert_eq!((check, plain), ("content", None)),
    }
    Some(body)
}

fn with_header(event: &Value, name: &str, value: &str) -> Value {
    let mut event = event.clone();
    event["headers"][name] = json!(value);
    event
}

/// Checks what a taken object means under other headers, and in base64.
fn check_others(event: &Value, taken: &Value) {
    for coding in ["gzip", "br", "identity, gzip", "identity;q=1", "x"] {
        assert_eq!(read(&with_header(event, "content-encoding", coding)), Some(Err("coding")), "{coding}");
    }
    for media_type in ["text/plain", "application/jsonp", "", MERGE_PATCH] {
        assert_eq!(read(&with_header(event, "content-type", media_type)), Some(Err("type")), "{media_type}");
    }
    let taken = Some(Ok(taken.clone()));
    assert_eq!(read(&with_header(event, "content-encoding", " Identity ,")), taken);
    assert_eq!(read(&with_header(event, "content-type", "Application/JSON ; charset=utf-8")), taken);
    let bytes = request_of(event).unwrap().bytes().to_vec();
    let mut other = event.clone();
    (other["body"], other["isBase64Encoded"]) = (json!(STANDARD.encode(&bytes)), json!(true));
    assert_eq!(read(&other), taken);
    (other["body"], other["isBase64Encoded"]) = (json!(String::from_utf8(bytes).unwrap()), json!(false));
    assert_eq!(read(&other), taken);
}

#[test]
fn fuzzed_bodies_are_read_without_a_coding_and_as_the_types_of_their_route() {
    fuzz::documents("request_body").play(|text| {
        let Ok(event) = serde_json::from_str::<Value>(text) else { return false };
        let names = event["headers"].as_object().into_iter().flatten().map(|(name, _)| name);
        if names.into_iter().any(|name| *name != name.to_ascii_lowercase()) {
            return false;
        }
        let Some(Ok(taken)) = read(&event) else { return false };
        check_others(&event, &taken);
        true
    });
}
