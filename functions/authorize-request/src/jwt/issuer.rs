//! The identity provider whose tokens are accepted.

use api::app::{BadSetting, Environment};
use domain::sign_in::SubjectClaim;
use jsonwebtoken::Algorithm;

use super::{address::AddressRule, algorithms::Algorithms};

/// The identity provider, and what its acceptable tokens hold.
#[derive(Debug)]
pub(crate) struct Issuer {
    pub(crate) url: String,
    pub(crate) audience: String,
    /// Set for issuers whose tokens have no audience.
    pub(crate) client_id: Option<String>,
    pub(crate) algorithms: Vec<Algorithm>,
    /// The claim by which people are known.
    pub(crate) subject_claim: SubjectClaim,
    pub(crate) address: AddressRule,
}

impl Issuer {
    pub(crate) fn from_env(environment: &Environment) -> Result<Self, BadSetting> {
        Ok(Self {
            url: environment.required("OIDC_ISSUER")?,
            audience: environment.required("OIDC_AUDIENCE")?,
            client_id: environment.optional("OIDC_CLIENT_ID"),
            algorithms: environment.parse_or("OIDC_ALGORITHMS", Algorithms::default())?.0,
            subject_claim: environment.parse_or("OIDC_SUBJECT_CLAIM", SubjectClaim::default())?,
            address: AddressRule::from_env(environment)?,
        })
    }
}
