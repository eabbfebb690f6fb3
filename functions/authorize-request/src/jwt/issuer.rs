//! The identity provider whose tokens are accepted.

use api::app::{BadSetting, Environment};
use jsonwebtoken::Algorithm;

use super::algorithms::Algorithms;

/// The identity provider, and the audience of its acceptable tokens.
#[derive(Debug)]
pub(crate) struct Issuer {
    pub(crate) url: String,
    pub(crate) audience: String,
    /// Set for issuers whose tokens have no audience.
    pub(crate) client_id: Option<String>,
    pub(crate) algorithms: Vec<Algorithm>,
}

impl Issuer {
    pub(crate) fn from_env(environment: &Environment) -> Result<Self, BadSetting> {
        Ok(Self {
            url: environment.required("OIDC_ISSUER")?,
            audience: environment.required("OIDC_AUDIENCE")?,
            client_id: environment.optional("OIDC_CLIENT_ID"),
            algorithms: environment.parse_or("OIDC_ALGORITHMS", Algorithms::default())?.0,
        })
    }
}
