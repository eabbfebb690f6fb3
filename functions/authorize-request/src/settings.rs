//! The state of one instance of the authorizer, made from its settings.

use std::time::Duration;

use api::app::{App, BadSetting, Pepper, StartError};
use sign_in::{Audience, Issuer, Jwks, SessionCookie};

use crate::{
    cache::{Cache, DecisionCache},
    declared_routes::DeclarationCache,
    organization_cache::OrganizationCache,
    routes::Routes,
    userinfo::Userinfo,
};

/// The most memory for keys and users that are reused, in bytes.
const MAX_DECISION_BYTES: usize = 4 << 20;

/// The variable that says how many seconds a decision may be reused.
const DECISION_MAX_AGE: &str = "DECISION_MAX_AGE_SECONDS";

/// The greatest `DECISION_MAX_AGE_SECONDS`.
const MAX_DECISION_AGE: u64 = 60;

/// The clients, settings and caches of one instance of the authorizer.
#[derive(Debug)]
pub struct Authorizer {
    pub(crate) app: App<Pepper>,
    pub(crate) issuer: Issuer,
    pub(crate) audience: Audience,
    pub(crate) jwks: Jwks,
    pub(crate) userinfo: Userinfo,
    pub(crate) session_cookie: SessionCookie,
    pub(crate) routes: Routes,
    pub(crate) declarations: DeclarationCache,
    pub(crate) organizations: OrganizationCache,
    pub(crate) decisions: DecisionCache,
}

impl Authorizer {
    /// Reads the environment, opens the connection to the table and fetches the pepper meanwhile.
    pub async fn from_env() -> Result<Self, StartError> {
        let app = App::from_env_with_pepper().await?;
        let environment = &app.environment;
        let max_age = decision_max_age(environment.parse_or(DECISION_MAX_AGE, 0)?)?;
        let timeout = Duration::from_millis(environment.parse_or("OPERATION_TIMEOUT_MS", 1_500)?);
        let issuer = Issuer::from_env(environment)?;
        let audience = Audience::from_env(environment)?;
        let session_cookie = SessionCookie::from_env(environment)?;
        let jwks = Jwks::new(&issuer.url, environment.optional("OIDC_JWKS_URL"), timeout);
        let userinfo = Userinfo::new(&issuer.url);
        let routes = environment.parse_or("ROUTE_PERMISSIONS", Routes::default())?;
        Ok(Self {
            app,
            jwks,
            userinfo,
            issuer,
            audience,
            session_cookie,
            routes,
            declarations: DeclarationCache::default(),
            organizations: OrganizationCache::default(),
            decisions: Cache::new(max_age, MAX_DECISION_BYTES),
        })
    }
}

fn decision_max_age(seconds: u64) -> Result<Duration, BadSetting> {
    if seconds > MAX_DECISION_AGE {
        return Err(BadSetting::Wrong {
            name: DECISION_MAX_AGE,
            rule: format!("must be 0 to {MAX_DECISION_AGE}"),
        });
    }
    Ok(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_is_reused_for_a_minute_at_most() {
        assert_eq!(decision_max_age(60).unwrap(), Duration::from_mins(1));
        let refused = decision_max_age(61).unwrap_err().to_string();
        assert_eq!(refused, "the environment variable DECISION_MAX_AGE_SECONDS: must be 0 to 60");
    }
}
