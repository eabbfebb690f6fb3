//! The identity provider whose tokens are accepted.

use api::app::{BadSetting, Environment};
use domain::sign_in::{SignedIn, SubjectClaim};
use jsonwebtoken::Algorithm;

use crate::{address::AddressRule, algorithms::Algorithms};

/// The identity provider, and what its acceptable tokens hold.
#[derive(Debug)]
pub struct Issuer {
    /// The `iss` of its tokens.
    pub url: String,
    /// The claim by which people are known.
    pub subject_claim: SubjectClaim,
    pub(crate) algorithms: Vec<Algorithm>,
    pub(crate) address: AddressRule,
}

impl Issuer {
    /// Tells whether this issuer, as it is configured now, names the person of an earlier sign-in.
    #[must_use]
    pub fn names(&self, sign_in: &SignedIn) -> bool {
        sign_in.issuer == self.url && sign_in.subject_claim == self.subject_claim
    }

    /// Reads the settings of the issuer.
    pub fn from_env(environment: &Environment) -> Result<Self, BadSetting> {
        Ok(Self {
            url: environment.required("OIDC_ISSUER")?,
            subject_claim: environment.parse_or("OIDC_SUBJECT_CLAIM", SubjectClaim::default())?,
            algorithms: environment.parse_or("OIDC_ALGORITHMS", Algorithms::default())?.0,
            address: AddressRule::from_env(environment)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::tests::issuer;

    #[test]
    fn an_issuer_names_the_people_of_its_url_and_claim() {
        let issuer = issuer(SubjectClaim::Sub);
        let signed_in = |url: &str, subject_claim| SignedIn {
            issuer: url.to_owned(),
            subject_claim,
            subject: "ann".to_owned(),
            email: None,
            name: None,
            permissions: [].into_iter().collect(),
        };
        assert!(issuer.names(&signed_in(&issuer.url, SubjectClaim::Sub)));
        assert!(!issuer.names(&signed_in(&issuer.url, SubjectClaim::Oid)));
        assert!(!issuer.names(&signed_in("https://other.example", SubjectClaim::Sub)));
    }
}
