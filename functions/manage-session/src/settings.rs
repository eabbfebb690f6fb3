//! The state of one instance, made from its settings.

use api::{
    Credential, HandlerError, Request,
    app::{App, BadSetting, StartError},
};
use domain::session::{Session, SessionHash, SessionId};
use sign_in::{BadConsoleRequest, ConsoleRequest, SessionCookie};

use crate::{client::Client, provider::Provider};

/// The variable that says how many hours a session lasts, 1 to 24.
const SESSION_HOURS: &str = "CONSOLE_SESSION_HOURS";

/// The clients and settings of one instance.
#[derive(Debug)]
pub struct Console {
    pub(crate) app: App,
    pub(crate) provider: Provider,
    pub(crate) cookie: SessionCookie,
    /// `None` where nobody can sign in yet.
    pub(crate) client: Option<Client>,
    /// How long a session lasts, seconds.
    pub(crate) session_seconds: i64,
    /// Where signing out ends at the issuer, instead of what its discovery document says.
    pub(crate) sign_out_url: Option<String>,
    url: Option<String>,
}

impl Console {
    /// Reads the environment and opens the connection to the table.
    pub async fn from_env() -> Result<Self, StartError> {
        let app = App::from_env().await?;
        let environment = &app.environment;
        Ok(Self {
            provider: Provider::from_env(environment)?,
            cookie: SessionCookie::from_env(environment)?,
            client: Client::from_env(&app)?,
            session_seconds: session_seconds(environment.parse(SESSION_HOURS)?)?,
            sign_out_url: environment.optional("CONSOLE_SIGN_OUT_URL"),
            url: environment.optional("CONSOLE_URL"),
            app,
        })
    }

    /// Returns the URL of a page of the console; `path` starts with a slash.
    pub(crate) fn page(&self, request: &Request<()>, path: &str) -> Result<String, HandlerError> {
        let console = match &self.url {
            Some(url) => url.clone(),
            None => format!("{}/console", request.deployment()?),
        };
        Ok(console + path)
    }

    /// Finds the session of a request.
    pub(crate) fn session_id(&self, request: &Request<()>) -> Result<SessionId, BadConsoleRequest> {
        session_id(request, &self.cookie)
    }

    /// Reads a session that goes on now.
    pub(crate) async fn session(
        &self,
        request: &Request<()>,
        hash: &SessionHash,
    ) -> Result<Option<Session>, HandlerError> {
        let session = self.app.table.session(hash).await?;
        let goes_on = |session: &Session| {
            session.is_active(request.now) && self.provider.issuer.names(&session.sign_in)
        };
        Ok(session.filter(goes_on))
    }
}

/// Finds the session of a request by the rules of the authorizer: the mark of the console, no other credential, and exactly
/// one cookie.
fn session_id(request: &Request<()>, cookie: &SessionCookie) -> Result<SessionId, BadConsoleRequest> {
    if Credential::HEADERS.iter().any(|name| request.headers(name).next().is_some()) {
        return Err(BadConsoleRequest::NotOfConsole);
    }
    let mut origin = ConsoleRequest::default();
    for name in ConsoleRequest::HEADERS {
        for value in request.headers(name) {
            origin.note(name, value);
        }
    }
    origin.session(request.cookies(), cookie)
}

fn session_seconds(hours: i64) -> Result<i64, BadSetting> {
    if (1..=24).contains(&hours) {
        return Ok(hours * 3_600);
    }
    Err(BadSetting::Wrong { name: SESSION_HOURS, rule: "must be 1 to 24".to_owned() })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// Tells whether the gateway writes such headers and cookies: names in lower case, one text each, and cookies apart.
    fn is_of_gateway(request: &Value) -> bool {
        let odd = ["cookie", "host", "x-forwarded-proto"];
        let header = |(name, value): (&String, &Value)| {
            value.is_string() && *name == name.to_lowercase() && !odd.contains(&name.as_str())
        };
        let cookie = |cookie: &Value| {
            cookie.as_str().is_some_and(|text| {
                !text.contains(|c: char| c == ';' || c < ' ' && c != '\t' || c == '\u{7f}')
            })
        };
        request["headers"].as_object().is_some_and(|headers| headers.iter().all(header))
            && request["cookies"].as_array().is_some_and(|cookies| cookies.iter().all(cookie))
    }

    /// Finds the session's id. `None` for a request that the gateway does not pass on.
    fn found(request: &Value) -> Option<Option<String>> {
        let event = include_str!("../../../tests/events/manage-session.json");
        let mut event: Value = serde_json::from_str(event).unwrap();
        (event["headers"], event["cookies"]) = (request["headers"].clone(), request["cookies"].clone());
        let request =
            lambda_http::request::from_str(&event.to_string()).ok().filter(|_| is_of_gateway(request))?;
        let request = Request::read_open(request).unwrap_or_else(|error| panic!("{error}"));
        let cookie = SessionCookie::new(fuzz::SESSION_COOKIE.to_owned());
        Some(session_id(&request, &cookie).ok().map(|id| id.expose().to_owned()))
    }

    #[test]
    fn a_session_lasts_an_hour_to_a_day() {
        for (hours, seconds) in [(0, None), (1, Some(3_600)), (24, Some(86_400)), (25, None)] {
            assert_eq!(session_seconds(hours).ok(), seconds, "{hours}");
        }
    }

    #[test]
    fn fuzzed_requests_have_the_session_that_the_authorizer_finds() {
        fuzz::documents("console_request")
            .play(|text| serde_json::from_str(text).is_ok_and(|request| fuzz::find_session(&request, found)));
    }
}
