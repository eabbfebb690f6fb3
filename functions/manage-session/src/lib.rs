//! Signs people in to the console and out of it: an OpenID Connect client that keeps sessions in the table.
//!
//! The browser gets an id that means nothing elsewhere. Codes, verifiers and tokens stay between this function and the
//! identity provider: none is stored, logged, or sent to a page.

mod attempt;
mod authorization_response;
mod client;
mod client_secret;
mod cookies;
mod end;
mod finish;
mod provider;
mod provider_error;
mod redirect;
mod return_to;
mod settings;
mod show;
mod sign_in_failed;
mod start;

use api::{HandlerResult, Request, answer, with_console_headers};

pub use settings::Console;

/// Answers the routes of the console's session, each with the headers that browsers need.
pub async fn manage_session(console: &Console, request: lambda_http::Request) -> HandlerResult {
    let Ok(response) = answer(route(console, request)).await;
    Ok(with_console_headers(response, console.cookie.is_secure()))
}

async fn route(console: &Console, request: lambda_http::Request) -> HandlerResult {
    let request: Request<()> = Request::read_open(request)?;
    match request.route.as_str() {
        "GET /console/sign-in" => start::start(console, &request).await,
        "GET /console/callback" => finish::finish(console, &request).await,
        "GET /console/session" => show::show(console, &request).await,
        "POST /console/sign-out" => end::end(console, &request).await,
        _ => Err(request.unknown_route()),
    }
}
