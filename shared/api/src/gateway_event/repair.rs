//! What to do with an event that `lambda_http` cannot read: repair it, refuse it, or fail.
//!
//! A client chooses headers, path, query, cookies, method and body. What is wrong there is the client's matter: it is
//! repaired, or refused by a name. The gateway and the authorizer write the context, so an odd context is a failure.

use domain::Error;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use serde_json::{Map, Value};

use super::outcome::{MAX_HEADERS, NotAnEvent, Parsed, too_many_headers};

const CONTEXT: &str = "requestContext";

/// Reads a payload that is no event as it stands, because of `cause`.
///
/// Half a character becomes U+FFFD, and of repeated members the last counts.
pub(super) fn repair(payload: &str, cause: NotAnEvent) -> Parsed {
    let Ok(Value::Object(event)) = serde_json::from_str(&without_lone_surrogates(payload)) else {
        return Err(cause);
    };
    if event.get("headers").and_then(Value::as_object).is_some_and(|headers| headers.len() > MAX_HEADERS) {
        return Ok(Err(too_many_headers()));
    }
    if let Some(event) = read(event.clone()) {
        return Ok(Ok(Box::new(event)));
    }
    let Some(context) = event.get(CONTEXT) else { return Err(cause) };
    let alone = |context: &Value| Map::from_iter([(CONTEXT.to_owned(), context.clone())]);
    if read(alone(context)).is_some() {
        let unreadable = |(name, value): &(&String, &Value)| {
            let mut with = alone(context);
            with.insert((*name).clone(), (*value).clone());
            read(with).is_none()
        };
        let part = event.iter().find(unreadable).map_or("event", |(name, _)| name.as_str());
        return Ok(Err(Error::invalid(part, "cannot be read")));
    }
    let mut with_get = context.clone();
    match with_get.pointer_mut("/http/method") {
        Some(method) if method.is_string() => *method = "GET".into(),
        _ => return Err(cause),
    }
    match read(alone(&with_get)) {
        Some(_) => Ok(Err(Error::invalid("method", "must be an HTTP method"))),
        None => Err(cause),
    }
}

fn read(event: Map<String, Value>) -> Option<ApiGatewayV2httpRequest> {
    serde_json::from_value(Value::Object(event)).ok()
}

/// Replaces each escape of half a character (a lone surrogate) in JSON by one of U+FFFD.
fn without_lone_surrogates(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    let mut rest = json;
    while let Some((before, escape)) = rest.find('\\').and_then(|at| rest.split_at_checked(at)) {
        text.push_str(before);
        let next = escape.get(6..).unwrap_or_default();
        let kept = match (is_surrogate(escape, HIGH), is_surrogate(next, LOW)) {
            (true, true) => 12,
            (true, false) => 0,
            (false, _) if is_surrogate(escape, LOW) => 0,
            (false, _) => 2,
        };
        let (keep, after) = match kept {
            0 => (r"\ufffd", next),
            kept => escape.split_at_checked(kept).unwrap_or((escape, "")),
        };
        text.push_str(keep);
        rest = after;
    }
    text.push_str(rest);
    text
}

const HIGH: std::ops::RangeInclusive<u16> = 0xd800..=0xdbff;
const LOW: std::ops::RangeInclusive<u16> = 0xdc00..=0xdfff;

/// Tells whether text starts with the escape of a surrogate of this range.
fn is_surrogate(text: &str, range: std::ops::RangeInclusive<u16>) -> bool {
    let digits = text.strip_prefix(r"\u").and_then(|rest| rest.get(..4));
    digits.and_then(|digits| u16::from_str_radix(digits, 16).ok()).is_some_and(|unit| range.contains(&unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_character_is_replaced_and_a_whole_one_stays() {
        for (json, expected) in [
            (r#""\ud800""#, r#""\ufffd""#),
            (r#""\udc00x""#, r#""\ufffdx""#),
            (r#""\ud83d\ude00""#, r#""\ud83d\ude00""#),
            (r#""\uD83D\uDE00\uD83D""#, r#""\uD83D\uDE00\ufffd""#),
            (r#""\ud800\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\\ud800""#, r#""\\ud800""#),
            (r#""\\\ud800\n""#, r#""\\\ufffd\n""#),
            (r#""é\u00e9\"\ud800é""#, r#""é\u00e9\"\ufffdé""#),
            (r#"{"a": 1}"#, r#"{"a": 1}"#),
            (r"\", r"\"),
            (r"\u12", r"\u12"),
            (r"\ué", r"\ué"),
        ] {
            assert_eq!(without_lone_surrogates(json), expected, "{json}");
        }
    }
}
