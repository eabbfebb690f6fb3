//! Finishes signing a person in: checks the provider's answer, and starts the session.

use std::error::Error;

use api::{FAILURE, HandlerError, HandlerResult, Request, causes};
use domain::{
    session::{Session, SessionId},
    sign_in::SignedIn,
};
use sign_in::{IssuerFailure, NotAccepted};

use crate::{attempt::Attempt, client::Client, provider::ProviderError, redirect::go_to, settings::Console};

/// The longest code. Those of Microsoft Entra have about 1,500 characters.
const MAX_CODE_LENGTH: usize = 4_096;

/// Why nobody was signed in, in words that the page understands. Nothing that the provider or the URL says is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The person, or the provider, said no.
    Denied,
    /// The browser has no attempt: it took too long, or another browser began it.
    Expired,
    /// The answer is for another attempt, or of another issuer.
    Mismatch,
    /// The provider does not answer as it must.
    Issuer,
    /// The provider states no usable address.
    EmailMissing,
    /// The session could not be stored.
    Unavailable,
}

impl Reason {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::Mismatch => "mismatch",
            Self::Issuer => "issuer",
            Self::EmailMissing => "email_missing",
            Self::Unavailable => "unavailable",
        }
    }
}

/// Why the attempt came to nothing.
enum Stop {
    Refused(Reason),
    Provider(ProviderError),
    Store(table::Error),
    Context(HandlerError),
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

/// Returns the code of the answer, if it is the answer to this attempt.
async fn code(console: &Console, request: &Request<()>, attempt: &Attempt) -> Result<String, Stop> {
    let mismatch = Stop::Refused(Reason::Mismatch);
    let only = |name: &str| match request.query_values(name).as_slice() {
        [] => Ok(None),
        [value] => Ok(Some(value.clone())),
        _ => Err(Stop::Refused(Reason::Mismatch)),
    };
    if only("state")?.as_deref() != Some(attempt.state()) {
        return Err(mismatch);
    }
    let iss = only("iss")?;
    if !console.provider.is_answer_of(iss.as_deref(), request.moment).await? {
        return Err(mismatch);
    }
    if let Some(error) = only("error")? {
        let reason = if error == "access_denied" { Reason::Denied } else { Reason::Issuer };
        return Err(Stop::Refused(reason));
    }
    let usable = |code: &String| {
        (1..=MAX_CODE_LENGTH).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_graphic())
    };
    only("code")?.filter(usable).ok_or(Stop::Refused(Reason::Issuer))
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

/// Sends the browser to the page that says why nobody was signed in, and writes the one log line of it.
pub(crate) fn failed(reason: Reason, error: Option<&(dyn Error + 'static)>) -> HandlerResult {
    let word = reason.as_str();
    match error {
        None => tracing::info!(reason = word, "refused a sign-in"),
        Some(error) if is_refusal(error) => {
            tracing::info!(reason = word, causes = causes(error), "refused a sign-in");
        }
        Some(error) => {
            tracing::error!(reason = word, causes = causes(error), metrics = %FAILURE, "could not finish a sign-in");
        }
    }
    go_to(&format!("/console/sign-in-failed?reason={word}"))
}

/// Tells whether a client can cause this error at will: with a code that is none, say.
fn is_refusal(error: &(dyn Error + 'static)) -> bool {
    let error = error.downcast_ref();
    matches!(
        error,
        Some(
            ProviderError::Issuer(IssuerFailure::Refused(_)) | ProviderError::Token(NotAccepted::Refused(_))
        )
    )
}
