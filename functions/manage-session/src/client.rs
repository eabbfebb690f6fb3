//! The console as it is registered at the identity provider.

use api::app::{App, BadSetting};

use crate::client_secret::ClientSecret;

/// The client of the identity provider.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) scopes: String,
    /// `None` for a public client.
    pub(crate) secret: Option<ClientSecret>,
}

impl Client {
    /// Reads the settings. `None` without a client id: nobody can sign in yet.
    pub(crate) fn from_env(app: &App) -> Result<Option<Self>, BadSetting> {
        let environment = &app.environment;
        let Some(id) = environment.optional("CONSOLE_CLIENT_ID") else { return Ok(None) };
        let secret = environment.optional("CONSOLE_CLIENT_SECRET_ID");
        Ok(Some(Self {
            id,
            scopes: environment.required("CONSOLE_SCOPES")?,
            secret: secret.map(|id| ClientSecret::new(&app.aws, id)),
        }))
    }
}
