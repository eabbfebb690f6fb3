//! Finishes signing a person in: checks the provider's answer, and starts the session.

use api::{HandlerError, HandlerResult, Request};
use domain::{
    session::{Session, SessionId},
    sign_in::SignedIn,
};

use crate::{
    attempt::Attempt,
    authorization_response::AuthorizationResponse,
    client::Client,
    provider_error::ProviderError,
    redirect::go_to,
    settings::Console,
    sign_in_failed::{Reason, failed},
};

/// Why the attempt came to nothing.
enum Stop {
    Refused(Reason),
    Provider(ProviderError),
    Store(table::Error),
    Context(HandlerError),
}

impl From<Reason> for Stop {
    fn from(reason: Reason) -> Self {
        Self::Refused(reason)
    }
}

impl From<ProviderError> for Stop {
    fn from(error: ProviderError) -> Self {
        Self::Provider(error)
    }
}

impl From<table::Error> for Stop {
    fn from(error: table::Error) -> Self {
        Self::Store(error)
    }
}

/// Starts the session of the person who comes back from the provider, and sends them to the page that they wanted.
pub(crate) async fn finish(console: &Console, request: &Request<()>) -> HandlerResult {
    let Some(client) = &console.client else { return go_to("/console") };
    let Some(attempt) = console.attempt(request) else { return failed(Reason::Expired, None) };
    let mut response = match sign_in(console, client, request, &attempt).await {
        Ok(id) => {
            let mut response = go_to(attempt.return_to.as_str())?;
            console.set_session(&mut response, &id);
            response
        }
        // A page of another site can cause such a request. It must not end the attempt.
        Err(Stop::Refused(reason @ Reason::Mismatch)) => return failed(reason, None),
        Err(Stop::Refused(reason)) => failed(reason, None)?,
        Err(Stop::Provider(error)) => failed(Reason::Issuer, Some(&error))?,
        Err(Stop::Store(error)) => failed(Reason::Unavailable, Some(&error))?,
        Err(Stop::Context(error)) => return Err(error),
    };
    console.clear_attempt(&mut response);
    Ok(response)
}

async fn sign_in(
    console: &Console,
    client: &Client,
    request: &Request<()>,
    attempt: &Attempt,
) -> Result<SessionId, Stop> {
    let code = code(console, request, attempt).await?;
    let redirect_uri = console.page(request, "/callback").map_err(Stop::Context)?;
    let person = console.provider.person(client, attempt, &code, &redirect_uri, request.moment).await?;
    if person.email.is_none() {
        return Err(Stop::Refused(Reason::EmailMissing));
    }
    Ok(start_session(console, request, attempt, person).await?)
}

/// Returns the code of the response, if it is the one to this attempt.
async fn code(console: &Console, request: &Request<()>, attempt: &Attempt) -> Result<String, Stop> {
    let response = AuthorizationResponse::read(request, attempt.state())?;
    if !console.provider.is_answer_of(response.iss.as_deref(), request.moment).await? {
        return Err(Stop::Refused(Reason::Mismatch));
    }
    Ok(response.code?)
}

/// Ends the session that the browser had, and starts a new one.
async fn start_session(
    console: &Console,
    request: &Request<()>,
    attempt: &Attempt,
    sign_in: SignedIn,
) -> Result<SessionId, table::Error> {
    let table = &console.app.table;
    if let Some(earlier) = &attempt.earlier_session {
        table.end_session(earlier).await?;
    }
    let id = SessionId::random();
    let expires_at = request.now.plus(console.session_seconds);
    let session = Session { sign_in, created_at: request.now, expires_at };
    table.start_session(&id.hash(), &session).await?;
    Ok(id)
}
