use std::time::Duration;

use api::app::{App, BadSetting, Pepper, StartError};

use crate::{
    jwt::{Issuer, Jwks},
    recent::Recent,
    routes::Routes,
    snapshots::Snapshots,
};

/// What one instance of the authorizer holds.
#[derive(Debug)]
pub struct Authorizer {
    pub(crate) app: App<Pepper>,
    pub(crate) issuer: Issuer,
    pub(crate) jwks: Jwks,
    pub(crate) routes: Routes,
    pub(crate) snapshots: Snapshots,
    pub(crate) recent: Recent,
}

impl Authorizer {
    /// Reads the environment, opens the connection to the table and fetches the pepper meanwhile.
    pub async fn from_env() -> Result<Self, StartError> {
        let app = App::from_env_with_pepper().await?;
        let environment = &app.environment;
        let max_age = environment.parse_or("DECISION_MAX_AGE_SECONDS", 0)?;
        if max_age > 60 {
            return Err(BadSetting::Wrong {
                name: "DECISION_MAX_AGE_SECONDS",
                rule: "must be 0 to 60".to_owned(),
            }
            .into());
        }
        let limit = Duration::from_millis(environment.parse_or("OPERATION_TIMEOUT_MS", 1_500)?);
        let issuer = Issuer::from_env(environment)?;
        let jwks = Jwks::new(&issuer.url, environment.optional("OIDC_JWKS_URL"), limit);
        let routes = environment.parse_or("ROUTE_PERMISSIONS", Routes::default())?;
        Ok(Self {
            app,
            jwks,
            issuer,
            routes,
            snapshots: Snapshots::default(),
            recent: Recent::new(Duration::from_secs(max_age)),
        })
    }
}
