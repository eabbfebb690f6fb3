use api::{BODY_LIMIT, Problem, Request};
use domain::Error;
use serde::{Deserialize, de::IgnoredAny};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    token: String,
    /// Accepted and ignored: there is one type of token.
    #[serde(rename = "token_type_hint")]
    _hint: Option<IgnoredAny>,
}

/// Reads the one token of a form, as RFC 7662 sends it, or of a JSON object.
pub(crate) fn token(request: &Request<()>) -> Result<String, Problem> {
    let token = match request.content_type().as_deref() {
        Some(FORM) => in_form(request)?,
        None | Some(JSON) => request.body::<Body>()?.token,
        Some(_) => return Err(Problem::unsupported_media_type(&format!("{FORM} or {JSON}"))),
    };
    if token.is_empty() {
        return Err(Error::invalid("token", "must be given").into());
    }
    Ok(token)
}

/// Reads a form. Other parameters are ignored, as OAuth demands, and an empty one is none.
fn in_form(request: &Request<()>) -> Result<String, Problem> {
    request.check_size(BODY_LIMIT)?;
    let mut tokens = form_urlencoded::parse(request.bytes()).filter(|(name, _)| name == "token");
    let token = tokens.next().map(|(_, value)| value.into_owned()).unwrap_or_default();
    if tokens.next().is_some() {
        return Err(Error::invalid("token", "must be given once").into());
    }
    Ok(token)
}
