//! The one place that takes the gateway's event and makes a request of it, without ever panicking.
//!
//! `lambda_http` builds an `http::Request` by unwrapping. An event whose host is no host, whose path lacks its
//! slash, whose query holds a raw `"`, `<` or space, whose body is no base64, or that has too long a URL or too
//! many headers would end the process. What can be repaired is repaired here, and the rest is refused.
//!
//! Over 300 lines: half of it are the hostile events of its tests.

mod outcome;
mod repair;

use std::{collections::HashMap, mem};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::Error;
use lambda_http::{
    Body, Request,
    aws_lambda_events::apigw::ApiGatewayV2httpRequest,
    http::header::COOKIE,
    request::{LambdaRequest, RequestContext},
};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;

pub(crate) use outcome::{NotAnEvent, Parsed};

use outcome::{MAX_BYTES, MAX_HEADERS, too_many_headers};
use repair::repair;

use crate::log::RequestIds;

/// A shorter payload cannot hold too many headers: each takes 7 bytes at least, as `"a":"",`.
const MIN_BYTES_TO_COUNT: usize = 7 * MAX_HEADERS;

/// What no URI holds as it is. An existing escape keeps its `%`.
const NOT_IN_URI: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A payload that should be an event of the gateway (format 2.0), not yet parsed.
///
/// It is parsed here, because the error messages of the runtime's own parser hold parts of the payload. It has no
/// `Debug`, because it holds the caller's credential.
#[derive(Deserialize)]
pub(crate) struct GatewayEvent(Box<RawValue>);

#[derive(Deserialize)]
struct Outline {
    #[expect(
        clippy::zero_sized_map_values,
        reason = "only the names count, and a set does not deserialize from a map"
    )]
    headers: Option<HashMap<String, IgnoredAny>>,
}

impl GatewayEvent {
    /// Parses the payload, or refuses what the client sent. The headers of a long one are counted first, because
    /// `http` panics at too many.
    pub(crate) fn parse(&self) -> Parsed {
        let payload = self.0.get();
        if payload.len() > MIN_BYTES_TO_COUNT {
            let Outline { headers } = match serde_json::from_str(payload) {
                Ok(outline) => outline,
                Err(error) => return repair(payload, error.into()),
            };
            if headers.is_some_and(|headers| headers.len() > MAX_HEADERS) {
                return Ok(Err(too_many_headers()));
            }
        }
        match serde_json::from_str(payload) {
            Ok(event) => Ok(Ok(Box::new(event))),
            Err(error) => repair(payload, error.into()),
        }
    }

    /// Finds the ids of the request where [`GatewayEvent::parse`] fails or refuses.
    pub(crate) fn request_ids(&self) -> RequestIds {
        RequestIds::find(self.0.get().as_bytes())
    }
}

/// Makes the request that handlers take.
///
/// Its URI is path and query alone; the host stays in the headers and in the gateway's context.
pub(crate) fn to_request(mut event: ApiGatewayV2httpRequest) -> Result<Request, Error> {
    event.raw_path = Some(path(&event)?);
    event.raw_query_string = Some(query(&event)?);
    let body = body(event.body.take(), mem::take(&mut event.is_base64_encoded))?;
    let mut headers = mem::take(&mut event.headers);
    let domain_name = event.request_context.domain_name.take();

    let mut request = Request::from(LambdaRequest::ApiGatewayV2(event));

    *request.body_mut() = body;
    if let Some(RequestContext::ApiGatewayV2(context)) = request.extensions_mut().get_mut() {
        context.domain_name = domain_name;
    }
    if let Some(cookies) = request.headers_mut().remove(COOKIE) {
        headers.insert(COOKIE, cookies);
    }
    *request.headers_mut() = headers;
    Ok(request)
}

fn path(event: &ApiGatewayV2httpRequest) -> Result<String, Error> {
    let path = event.raw_path.as_deref().unwrap_or_default();
    let stage = event.request_context.stage.as_deref().unwrap_or_default();
    if path.len() + stage.len() > MAX_BYTES {
        return Err(too_long("path"));
    }
    let slash = if path.starts_with('/') { "" } else { "/" };
    Ok(format!("{slash}{path}"))
}

/// Encodes what would be no URI. The parameters stay as they are, for they are decoded again.
fn query(event: &ApiGatewayV2httpRequest) -> Result<String, Error> {
    let query = event.raw_query_string.as_deref().unwrap_or_default();
    if query.len() > MAX_BYTES {
        return Err(too_long("query"));
    }
    Ok(utf8_percent_encode(query, NOT_IN_URI).to_string())
}

fn body(text: Option<String>, is_base64: bool) -> Result<Body, Error> {
    match text {
        None => Ok(Body::Empty),
        Some(text) if is_base64 => {
            let bytes = STANDARD.decode(text).map_err(|_| Error::invalid("body", "must be valid base64"))?;
            Ok(Body::Binary(bytes))
        }
        Some(text) => Ok(Body::Text(text)),
    }
}

fn too_long(part: &str) -> Error {
    Error::invalid(part, format!("must have at most {MAX_BYTES} bytes"))
}

#[cfg(test)]
mod tests {
    use lambda_http::RequestExt as _;
    use serde_json::{Value, json};

    use super::*;

    fn sample() -> Value {
        serde_json::from_str(include_str!("../../../tests/events/describe-caller.json")).unwrap()
    }

    fn parsed(event: &Value) -> Parsed {
        serde_json::from_value::<GatewayEvent>(event.clone()).unwrap().parse()
    }

    fn converted(change: impl FnOnce(&mut Value)) -> Result<Request, Error> {
        let mut event = sample();
        change(&mut event);
        to_request(*parsed(&event).unwrap()?)
    }

    #[test]
    fn an_event_becomes_a_request_with_all_that_it_holds() {
        let request = converted(|event| {
            event["rawPath"] = json!("/v1/a b");
            event["rawQueryString"] = json!("limit=5&x=a%20b");
            event["cookies"] = json!(["a=1", "b=2"]);
            event["pathParameters"] = json!({"user_id": "me"});
            event["body"] = json!("aGk=");
            event["isBase64Encoded"] = json!(true);
        });
        let request = request.unwrap();
        assert_eq!(request.uri(), "/v1/a%20b?limit=5&x=a%20b");
        assert_eq!(request.headers()["host"], "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com");
        assert_eq!(request.headers()["cookie"], "a=1; b=2");
        assert_eq!(request.path_parameters_ref().unwrap().first("user_id"), Some("me"));
        assert_eq!(request.query_string_parameters_ref().unwrap().first("x"), Some("a b"));
        assert!(matches!(request.body(), Body::Binary(bytes) if bytes == b"hi"));
        let Some(RequestContext::ApiGatewayV2(context)) = request.request_context_ref() else { panic!() };
        assert_eq!(context.domain_name.as_deref(), Some("a1b2c3d4e5.execute-api.us-east-1.amazonaws.com"));
    }

    #[test]
    fn a_query_that_is_no_uri_reaches_the_handler_as_it_was_meant() {
        for raw in ["a\"b", "a<b>c", "a b", "a#b", "a{b}|^`\\[]", "é\u{7f}\u{1}\n", "%zz", "a\u{fffd}"] {
            let request = converted(|event| event["rawQueryString"] = json!(format!("x={raw}"))).unwrap();
            assert_eq!(request.query_string_parameters_ref().unwrap().first("x"), Some(raw), "{raw:?}");
        }
    }

    #[test]
    fn an_odd_host_path_or_stage_is_no_reason_to_end() {
        for text in
            ["", " ", "a b", "a:b", "[::", "a@b:c", ":99999", "xn--a", "é", "<>", "?#", "//", "\\", "%"]
        {
            let host = if text.is_ascii() { text } else { "1.2.3.4.5" };
            assert!(converted(|event| event["headers"]["host"] = json!(host)).is_ok(), "{text:?}");
            assert!(converted(|event| event["headers"]["x-forwarded-proto"] = json!(host)).is_ok());
            let domain = converted(|event| {
                event["headers"] = json!({});
                event["requestContext"]["domainName"] = json!(text);
            });
            assert!(domain.is_ok(), "{text:?}");
            assert!(converted(|event| event["rawPath"] = json!(text)).is_ok(), "{text:?}");
            assert!(converted(|event| event["requestContext"]["stage"] = json!(text)).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn a_url_that_is_too_long_and_a_body_that_is_no_base64_are_refused() {
        let long = "é".repeat(MAX_BYTES / 2 + 1);
        for (member, field) in [("rawPath", "path"), ("rawQueryString", "query")] {
            let refused = converted(|event| event[member] = json!(long)).unwrap_err();
            assert_eq!(refused, too_long(field));
        }
        let refused = converted(|event| event["requestContext"]["stage"] = json!(long)).unwrap_err();
        assert_eq!(refused, too_long("path"));
        let longest = "é".repeat(MAX_BYTES / 2);
        let whole = converted(|event| {
            event["rawPath"] = json!("");
            event["requestContext"]["stage"] = json!(longest);
            event["rawQueryString"] = json!(longest);
        });
        assert!(whole.is_ok());
        for body in ["a", "????", "aGk", "aGk=\n"] {
            let refused = converted(|event| {
                event["body"] = json!(body);
                event["isBase64Encoded"] = json!(true);
            });
            assert!(matches!(refused.unwrap_err(), Error::Invalid { field, .. } if field == "body"));
        }
    }

    #[test]
    fn a_payload_that_is_no_event_is_an_error() {
        for payload in [
            json!(null),
            json!(7),
            json!("text"),
            json!([]),
            json!({}),
            json!({"version": "1.0"}),
            json!({"requestContext": {}}),
            json!({"requestContext": {"http": {"method": 7}}}),
        ] {
            assert!(parsed(&payload).is_err(), "{payload}");
        }
    }

    #[test]
    fn what_a_client_sent_and_nothing_can_read_is_refused_by_name() {
        for (member, value) in [
            ("headers", json!({"a b": "c"})),
            ("headers", json!({"a": "b\nc"})),
            ("headers", json!({"": "a"})),
            ("headers", json!({"a": 7})),
            ("headers", json!(7)),
            ("cookies", json!("a=1")),
            ("cookies", json!([1])),
            ("body", json!({})),
            ("isBase64Encoded", json!("true")),
            ("rawPath", json!([])),
            ("rawQueryString", json!(1)),
        ] {
            let refused = converted(|event| event[member] = value.clone()).unwrap_err();
            assert_eq!(refused, Error::invalid(member, "cannot be read"), "{value}");
        }
        let refused = converted(|event| event["requestContext"]["http"]["method"] = json!("G\"T"));
        assert_eq!(refused.unwrap_err(), Error::invalid("method", "must be an HTTP method"));
    }

    #[test]
    fn repeated_members_and_half_characters_are_repaired() {
        let text = sample().to_string();
        let odd = text.replacen(
            '{',
            r#"{"rawPath": 7, "rawQueryString": "a=b", "rawQueryString": "x=\udc00", "#,
            1,
        );
        // Of repeated members the last counts: the path and query of the sample.
        let GatewayEvent(payload) = serde_json::from_str(&odd).unwrap();
        let event = GatewayEvent(payload).parse().unwrap().unwrap();
        assert_eq!(event.raw_path.as_deref(), sample()["rawPath"].as_str());
        let odd = text.replacen(r#""rawQueryString":""#, r#""rawQueryString":"x=\udc00"#, 1);
        assert_ne!(odd, text);
        let GatewayEvent(payload) = serde_json::from_str(&odd).unwrap();
        let event = GatewayEvent(payload).parse().unwrap().unwrap();
        assert!(event.raw_query_string.unwrap().starts_with("x=\u{fffd}"));
    }

    #[test]
    fn more_headers_than_a_request_can_hold_are_refused() {
        let mut event = sample();
        for number in 0..40_000 {
            event["headers"][format!("x-{number}")] = json!("");
        }
        assert_eq!(parsed(&event).unwrap().unwrap_err(), too_many_headers());
        event["headers"] = json!({"x": vec![""; 40_000]});
        assert!(parsed(&event).is_ok_and(|event| event.is_ok()));
    }

    #[test]
    fn as_many_headers_as_there_may_be_are_read_also_from_an_event_that_is_repaired() {
        for value in ["a", r"\ud800"] {
            let parse = |count: usize| {
                let headers: Vec<_> = (0..count).map(|number| format!(r#""x-{number}":"a""#)).collect();
                let mut event = sample();
                event["rawQueryString"] = json!("q=there");
                event["headers"] = json!("here");
                let text = event.to_string().replacen("there", value, 1);
                let text = text.replacen(r#""here""#, &format!("{{{}}}", headers.join(",")), 1);
                serde_json::from_str::<GatewayEvent>(&text).unwrap().parse().unwrap()
            };
            assert_eq!(parse(MAX_HEADERS).unwrap().headers.len(), MAX_HEADERS, "{value}");
            assert_eq!(parse(MAX_HEADERS + 1).unwrap_err(), too_many_headers(), "{value}");
        }
    }

    #[test]
    fn an_error_says_nothing_of_the_payload() {
        let mut event = sample();
        event["headers"] = json!({"x-access-key": "secret\n"});
        assert!(!parsed(&event).unwrap().unwrap_err().to_string().contains("secret"));
        event["requestContext"] = json!({"secret": []});
        assert!(!parsed(&event).unwrap_err().to_string().contains("secret"));
    }

    #[test]
    fn fuzzed_events_become_requests_with_their_body_or_are_refused() {
        let sample = include_str!("../../../tests/events/describe-caller.json");
        fuzz::documents("gateway_event").with(sample).play(|text| {
            let Ok(event) = serde_json::from_str::<GatewayEvent>(text) else { return false };
            let Ok(Ok(parsed)) = event.parse() else { return false };
            let (sent, is_base64) = (parsed.body.clone(), parsed.is_base64_encoded);
            let Ok(request) = to_request(*parsed) else { return false };
            assert!(request.uri().path().starts_with('/'));
            match (request.body(), sent) {
                (Body::Empty, None) => {}
                (Body::Text(read), Some(sent)) if !is_base64 => assert_eq!(*read, sent),
                (Body::Binary(read), Some(sent)) if is_base64 => assert_eq!(STANDARD.encode(read), sent),
                other => panic!("{other:?}"),
            }
            true
        });
    }
}
