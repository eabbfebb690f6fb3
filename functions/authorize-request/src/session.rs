//! Decides on a request of a page of the console, by the session that its cookie names.

use api::Caller;
use domain::session::SessionId;
use sign_in::BadConsoleRequest;

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
    let id = find(authorizer, request)?;
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
fn find(authorizer: &Authorizer, request: &AuthorizerRequest) -> Result<SessionId, Refusal> {
    if !request.sign_in_routes || request.format != Format::Simple {
        return Err(Refusal::NotOfConsole);
    }
    if !request.headers.credentials.is_empty() {
        return Err(Refusal::SeveralCredentials);
    }
    let cookies = request.cookies.iter().map(String::as_str);
    let id =
        request.headers.console.session(cookies, &authorizer.session_cookie).map_err(|bad| match bad {
            BadConsoleRequest::NotOfConsole => Refusal::NotOfConsole,
            BadConsoleRequest::BadCookie => Refusal::BadSessionCookie,
        })?;
    credential::refuse_in_url(request, &authorizer.app.key_prefix, &authorizer.issuer.url)?;
    Ok(id)
}
