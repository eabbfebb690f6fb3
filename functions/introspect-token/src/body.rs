//! The token of an introspection request, from a form or from JSON.

use api::{BodyError, HandlerError, MAX_BODY_BYTES, Request};
use domain::Error;
use serde::Deserialize;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// A token to judge.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "TokenToIntrospect"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Body {
    #[cfg_attr(feature = "openapi", schemars(length(min = 1)))]
    token: String,
    /// Accepted and ignored: there is only one type of token.
    #[serde(rename = "token_type_hint")]
    _hint: Option<String>,
}

/// Reads the token from a form, as in RFC 7662, or from a JSON object.
pub(crate) fn token(request: &Request<()>) -> Result<String, HandlerError> {
    let token = match request.content_type().as_deref() {
        Some(FORM) => in_form(request)?,
        None | Some(JSON) => request.body::<Body>()?.token,
        Some(_) => {
            return Err(BodyError::UnsupportedMediaType { expected: format!("{FORM} or {JSON}") }.into());
        }
    };
    if token.is_empty() {
        return Err(Error::invalid("token", "must be given").into());
    }
    Ok(token)
}

/// Reads a form. OAuth demands to ignore unknown parameters, and to treat an empty value as a missing one.
fn in_form(request: &Request<()>) -> Result<String, HandlerError> {
    request.check_size(MAX_BODY_BYTES)?;
    request.check_coding()?;
    let mut tokens = form_urlencoded::parse(request.text()).filter(|(name, _)| name == "token");
    let token = tokens.next().map(|(_, value)| value.into_owned()).unwrap_or_default();
    if tokens.next().is_some() {
        return Err(Error::invalid("token", "must be given once").into());
    }
    Ok(token)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use serde_json::{Value, json};

    use super::*;

    fn read(body: &str) -> Option<String> {
        let mut event: Value =
            serde_json::from_str(include_str!("../../../tests/events/introspect-token.json")).unwrap();
        event["body"] = json!(body);
        event["isBase64Encoded"] = json!(false);
        let request = Request::read_open(lambda_http::request::from_str(&event.to_string()).unwrap());
        token(&request.unwrap_or_else(|error| panic!("{error}"))).ok()
    }

    /// Decodes a name or value of a form byte by byte.
    fn decoded(text: &str) -> Cow<'static, str> {
        let (bytes, mut read, mut position) = (text.as_bytes(), Vec::new(), 0);
        while let Some(&byte) = bytes.get(position) {
            let digits = text.get(position + 1..position + 3).filter(|digits| !digits.starts_with('+'));
            let escaped =
                digits.filter(|_| byte == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok());
            read.push(escaped.unwrap_or(if byte == b'+' { b' ' } else { byte }));
            position += if escaped.is_some() { 3 } else { 1 };
        }
        String::from_utf8_lossy(&read).into_owned().into()
    }

    #[test]
    fn fuzzed_forms_name_one_token_and_whatever_else() {
        fuzz::texts("introspection_form").play(|text| {
            let body =
                text.strip_prefix('\u{feff}').unwrap_or(text).trim_matches([' ', '\t', '\n', '\r', '\u{c}']);
            let pairs = body.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
            let tokens: Vec<_> =
                pairs.filter(|(name, _)| decoded(name) == "token").map(|(_, value)| decoded(value)).collect();
            let expected = match &tokens[..] {
                [token] if !token.is_empty() => Some(token.as_ref()),
                _ => None,
            };
            assert_eq!(read(text).as_deref(), expected);
            expected.is_some()
        });
    }
}
