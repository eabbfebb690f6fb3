//! Turns a function's result into an HTTP response, by the rules of payload format 2.0.

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    StatusCode,
    header::{CONTENT_TYPE, HeaderName, HeaderValue, SET_COOKIE},
};
use serde_json::Value;

use crate::{
    encoding,
    http::{self, Response},
};

/// The largest result that Lambda passes on.
const MAX_RESULT_BYTES: usize = 6 * 1024 * 1024;

/// Renders a result; `None` if the gateway responds with 500.
pub(super) fn render(result: &Bytes) -> Option<Response> {
    if result.len() > MAX_RESULT_BYTES {
        return None;
    }
    let parsed: Value = serde_json::from_slice(result).ok()?;
    if parsed.get("statusCode").is_none() {
        let body = match parsed {
            Value::String(text) => Bytes::from(text),
            _ => result.clone(),
        };
        return Some(http::response(StatusCode::OK, "application/json", body));
    }
    let status = &parsed["statusCode"];
    let status = status.as_u64().or_else(|| status.as_str().and_then(|text| text.parse().ok()))?;
    let status = StatusCode::from_u16(u16::try_from(status).ok()?).ok()?;
    let mut response = Response::new(Full::new(body(&parsed)?));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    for (name, value) in parsed["headers"].as_object().into_iter().flatten() {
        headers.insert(name.parse::<HeaderName>().ok()?, scalar(value)?.parse().ok()?);
    }
    for cookie in parsed["cookies"].as_array().into_iter().flatten() {
        headers.append(SET_COOKIE, cookie.as_str()?.parse().ok()?);
    }
    Some(response)
}

fn body(result: &Value) -> Option<Bytes> {
    let text = match &result["body"] {
        Value::Null => return Some(Bytes::new()),
        Value::String(text) => text,
        _ => return None,
    };
    match result["isBase64Encoded"].as_bool() {
        Some(true) => encoding::decode(text).map(Bytes::from),
        _ => Some(text.clone().into()),
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    async fn check(result: &str, expected: Option<(u16, &str, &str)>) {
        let rendered = match render(&Bytes::copy_from_slice(result.as_bytes())) {
            None => None,
            Some(response) => {
                let status = response.status().as_u16();
                let media_type = response.headers()[CONTENT_TYPE].to_str().unwrap().to_owned();
                let body = response.into_body().collect().await.unwrap().to_bytes();
                Some((status, media_type, String::from_utf8(body.to_vec()).unwrap()))
            }
        };
        let expected =
            expected.map(|(status, media_type, body)| (status, media_type.to_owned(), body.to_owned()));
        assert_eq!(rendered, expected, "{result}");
    }

    #[tokio::test]
    async fn results_follow_payload_format_2() {
        let plain = "text/plain; charset=utf-8";
        check(r#"{"statusCode":201,"body":"x"}"#, Some((201, plain, "x"))).await;
        check(r#"{"statusCode":"204"}"#, Some((204, plain, ""))).await;
        check(
            r#"{"statusCode":200,"headers":{"content-type":"a/b"},"body":"eA==","isBase64Encoded":true}"#,
            Some((200, "a/b", "x")),
        )
        .await;
        check(r#"{"a":1}"#, Some((200, "application/json", r#"{"a":1}"#))).await;
        check(r#""text""#, Some((200, "application/json", "text"))).await;
        check(r#"{"statusCode":"many"}"#, None).await;
        check(r#"{"statusCode":200,"body":{"a":1}}"#, None).await;
        check(r#"{"statusCode":200,"headers":{"a":[1]}}"#, None).await;
        check("not json", None).await;
    }
}
