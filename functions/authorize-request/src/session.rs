//! Decides on a request of a page of the console, by the session that its cookie names.

use api::Caller;
use domain::{session::SessionId, token::KeyPrefix};
use sign_in::{BadConsoleRequest, SessionCookie};

use crate::{
    authorizer_request::{AuthorizerRequest, Format},
    credential,
    refusal::Refusal,
    settings::Authorizer,
    sign_in::{Proof, authorize_person},
    stop::Stop,
};

/// Authorizes a person by the session cookie. Only this API takes one.
///
/// The session is read strongly for each request, so that signing out takes effect on the next one.
pub(crate) async fn authorize(authorizer: &Authorizer, request: &AuthorizerRequest) -> Result<Caller, Stop> {
    let (cookie, prefix) = (&authorizer.session_cookie, &authorizer.app.key_prefix);
    let id = find(request, cookie, prefix, &authorizer.issuer.url)?;
    let session = authorizer.app.table.session(&id.hash()).await?.ok_or(Refusal::UnknownSession)?;
    if !session.is_active(request.now) {
        return Err(Refusal::SessionExpired.into());
    }
    // The settings of the deployment may have changed since.
    if !authorizer.issuer.names(&session.sign_in) {
        return Err(Refusal::UnknownSession.into());
    }
    authorize_person(authorizer, request, &session.sign_in, Proof::Session).await
}

/// Finds the session of the request, or the reason why its cookie does not count.
fn find(
    request: &AuthorizerRequest,
    cookie: &SessionCookie,
    prefix: &KeyPrefix,
    issuer: &str,
) -> Result<SessionId, Refusal> {
    if !request.sign_in_routes || request.format != Format::Simple {
        return Err(Refusal::NotOfConsole);
    }
    if !request.headers.credentials.is_empty() {
        return Err(Refusal::SeveralCredentials);
    }
    let cookies = request.cookies.iter().map(String::as_str);
    let id = request.headers.console.session(cookies, cookie).map_err(|bad| match bad {
        BadConsoleRequest::NotOfConsole => Refusal::NotOfConsole,
        BadConsoleRequest::BadCookie => Refusal::BadSessionCookie,
    })?;
    credential::refuse_in_url(request, prefix, issuer)?;
    Ok(id)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const TOKEN: &str = "ak_7HcX2mPq9LwZtR4bK1nV_00000000000000000000000000000000000000000004MWDTL";

    /// Makes the event of a request to this API, with these headers and cookies.
    fn event_of(request: &Value) -> Value {
        let event = include_str!("../../../tests/events/authorize-request.json");
        let mut event: Value = serde_json::from_str(event).unwrap();
        (event["headers"], event["cookies"]) = (request["headers"].clone(), request["cookies"].clone());
        event["stageVariables"] = json!({"sign_in_routes": "allow"});
        event
    }

    /// Finds the session's id. `None` for an event that cannot be read.
    fn found(event: &Value) -> Option<Result<String, Refusal>> {
        let request = AuthorizerRequest::parse(event.to_string().as_bytes()).ok()?;
        assert!(request.headers.console.is_marked() || request.cookies.is_empty(), "cookies need the mark");
        let cookie = SessionCookie::new(fuzz::SESSION_COOKIE.to_owned());
        let id = find(&request, &cookie, &"ak".parse().unwrap(), "https://id.example");
        Some(id.map(|id| id.expose().to_owned()))
    }

    #[test]
    fn fuzzed_requests_have_a_session_only_from_a_page_of_the_console_and_in_one_cookie() {
        fuzz::documents("console_request").play(|text| {
            let Ok(request) = serde_json::from_str::<Value>(text) else { return false };
            let is_found = fuzz::find_session(&request, |request| found(&event_of(request)).map(Result::ok));
            let mut event = event_of(&request);
            event["rawQueryString"] = json!(format!("x={TOKEN}"));
            assert!(!is_found || found(&event) == Some(Err(Refusal::InUrl)));
            event["stageVariables"] = json!({});
            assert!(
                !is_found || found(&event) == Some(Err(Refusal::NotOfConsole)),
                "another API has no sessions"
            );
            is_found
        });
    }
}
