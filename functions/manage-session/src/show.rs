//! Tells a page who is signed in.

use api::{HandlerResult, Instant, Request, response};
use domain::text::Email;
use serde::Serialize;

use crate::settings::Console;

#[derive(Serialize)]
struct SessionResponse<'a> {
    signed_in: bool,
    name: String,
    email: Option<&'a Email>,
    email_verified: bool,
    expires_at: Instant,
    /// The gateway's time, by which pages tell how long ago things were.
    now: Instant,
}

#[derive(Serialize)]
struct NoSession {
    signed_in: bool,
    /// Whether people can sign in here.
    sign_in: &'static str,
}

/// Describes the session of the cookie. A request that is not of the console has none.
pub(crate) async fn show(console: &Console, request: &Request<()>) -> HandlerResult {
    request.query(&[])?;
    let session = match console.session_id(request) {
        Ok(id) => console.session(request, &id.hash()).await?,
        Err(_) => None,
    };
    let Some(session) = session else {
        let sign_in = if console.client.is_some() { "ready" } else { "not_configured" };
        return Ok(response::signed_out(&NoSession { signed_in: false, sign_in }));
    };
    let stated = session.sign_in.email.as_ref();
    let answer = SessionResponse {
        signed_in: true,
        name: session.sign_in.shown_name().to_string(),
        email: stated.map(|email| &email.address),
        email_verified: stated.is_some_and(|email| email.verified),
        expires_at: Instant(session.expires_at),
        now: Instant(request.now),
    };
    Ok(response::ok(&answer, None))
}
