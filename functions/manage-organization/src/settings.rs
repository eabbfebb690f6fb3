//! The settings of this function.

use api::app::{BadSetting, Environment};
use domain::sign_in::SubjectClaim;

use crate::creation_policy::CreationPolicy;

/// The settings of this function.
#[derive(Debug)]
pub struct Settings {
    pub(crate) creation: CreationPolicy,
    pub(crate) subject_claim: SubjectClaim,
}

impl Settings {
    /// Reads them.
    pub fn from_env(environment: &Environment) -> Result<Self, BadSetting> {
        Ok(Self {
            creation: environment.parse_or("ORGANIZATION_CREATION", CreationPolicy::Open)?,
            subject_claim: environment.parse_or("OIDC_SUBJECT_CLAIM", SubjectClaim::default())?,
        })
    }
}
