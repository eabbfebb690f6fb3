//! Signs a person out, here or everywhere.

use api::{HandlerError, HandlerResult, Request, causes, response};
use domain::{Error, session::SessionHash};
use serde::{Deserialize, Serialize};

use crate::settings::Console;

/// The page that says so.
const SIGNED_OUT: &str = "/signed-out";

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignOut {
    /// Whether all sessions of the person end.
    #[serde(default)]
    everywhere: bool,
}

#[derive(Serialize)]
struct SignedOut {
    /// Where the page goes next.
    location: String,
}

/// Ends the session of the cookie, and names the page that comes next. A session that has ended already is fine.
pub(crate) async fn end(console: &Console, request: &Request<()>) -> HandlerResult {
    request.query(&[])?;
    let id = console.session_id(request).map_err(|_| forbidden("a page of the console with a session"))?;
    let everywhere = is_everywhere(request)?;
    let hash = id.hash();
    if everywhere {
        end_everywhere(console, request, &hash).await?;
    }
    console.app.table.end_session(&hash).await?;
    let location = next_page(console, request).await?;
    let mut response = response::ok(&SignedOut { location }, None);
    console.clear_session(&mut response);
    Ok(response)
}

/// Reads the body. A missing body, and `null`, is an empty one.
fn is_everywhere(request: &Request<()>) -> Result<bool, HandlerError> {
    let SignOut { everywhere } = request.optional_body()?.unwrap_or_default();
    Ok(everywhere)
}

/// Ends all sessions of the person. This session is the last to go, so that an error can be repeated.
async fn end_everywhere(
    console: &Console,
    request: &Request<()>,
    hash: &SessionHash,
) -> Result<(), HandlerError> {
    let session = console.session(request, hash).await?;
    let session = session.ok_or_else(|| forbidden("a session that has not ended"))?;
    Ok(console.app.table.end_sessions_of(&session.sign_in.hash()).await?)
}

fn forbidden(needs: &str) -> HandlerError {
    Error::Forbidden { needs: needs.to_owned() }.into()
}

/// Returns the page at which the person signs out of the provider too, or else one of our own.
///
/// The session has ended by now, so a provider that does not answer is no failure.
async fn next_page(console: &Console, request: &Request<()>) -> Result<String, HandlerError> {
    if let Some(url) = &console.sign_out_url {
        return Ok(url.clone());
    }
    let back = console.page(request, SIGNED_OUT)?;
    let page = match &console.client {
        Some(client) => console.provider.sign_out_url(client, &back, request.moment).await,
        None => Ok(None),
    };
    let page = page.unwrap_or_else(|error| {
        tracing::warn!(causes = causes(&error), "could not ask the issuer where people sign out");
        None
    });
    Ok(page.unwrap_or_else(|| format!("/console{SIGNED_OUT}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Option<bool> {
        let event = fuzz::event_with_body(include_str!("../../../tests/events/manage-session.json"), body);
        let request = Request::read_open(lambda_http::request::from_str(&event).unwrap());
        is_everywhere(&request.unwrap_or_else(|error| panic!("{error}"))).ok()
    }

    #[test]
    fn fuzzed_sign_outs_end_all_sessions_only_where_they_say_so() {
        fuzz::documents("sign_out").play(|text| {
            let Some((everywhere, document)) = fuzz::read_body(text, read) else { return false };
            let said = document.get("everywhere");
            assert_eq!(everywhere, said == Some(&true.into()));
            assert!(said.is_none_or(serde_json::Value::is_boolean));
            true
        });
    }

    #[test]
    fn no_body_ends_one_session() {
        assert_eq!(["", " ", "null", "{}"].map(read), [Some(false); 4]);
    }
}
