//! The state of one instance, made from its settings.

use api::{
    Credential, HandlerError, Request,
    app::{App, BadSetting, Environment, StartError},
};
use domain::session::{Session, SessionHash, SessionId};
use sign_in::{BadConsoleRequest, ConsoleRequest, SessionCookie};

use crate::{client::Client, provider::Provider};

/// The bounds of `CONSOLE_SESSION_HOURS`.
const SESSION_HOURS: std::ops::RangeInclusive<i64> = 1..=24;

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
            session_seconds: session_seconds(environment)?,
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

    /// Finds the session of a request by the rules of the authorizer: the mark of the console, no other credential, and
    /// exactly one cookie.
    pub(crate) fn session_id(&self, request: &Request<()>) -> Result<SessionId, BadConsoleRequest> {
        if Credential::HEADERS.iter().any(|name| request.headers(name).next().is_some()) {
            return Err(BadConsoleRequest::NotOfConsole);
        }
        let mut origin = ConsoleRequest::default();
        for name in ConsoleRequest::HEADERS {
            for value in request.headers(name) {
                origin.note(name, value);
            }
        }
        origin.session(request.cookies(), &self.cookie)
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

fn session_seconds(environment: &Environment) -> Result<i64, BadSetting> {
    let name = "CONSOLE_SESSION_HOURS";
    let hours: i64 = environment.parse(name)?;
    if SESSION_HOURS.contains(&hours) {
        return Ok(hours * 3_600);
    }
    Err(BadSetting::Wrong { name, rule: "must be 1 to 24".to_owned() })
}
