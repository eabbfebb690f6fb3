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
