//! Sign-ins: a person as the identity provider describes them, before any membership.

use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::{
    hex,
    joined::Joined,
    permission::Permission,
    text::{Email, Name},
};

/// The claim by which an issuer's people are known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SubjectClaim {
    /// `sub`, the standard's.
    #[default]
    Sub,
    /// `oid`, for an issuer whose `sub` differs from application to application.
    Oid,
}

impl SubjectClaim {
    /// Returns the name of the claim.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sub => "sub",
            Self::Oid => "oid",
        }
    }
}

impl FromStr for SubjectClaim {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let claim = [Self::Sub, Self::Oid].into_iter().find(|claim| claim.as_str() == text);
        claim.ok_or("must be sub or oid")
    }
}

/// A person as the identity provider describes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// The issuer.
    pub issuer: String,
    /// The claim that holds the subject.
    pub subject_claim: SubjectClaim,
    /// The issuer's id of the person.
    pub subject: String,
    /// The address, if the provider states a usable one.
    pub email: Option<StatedEmail>,
    /// The person's name, if the provider states it.
    pub name: Option<Name>,
    /// Permissions outside any organization: the token's scope and permissions.
    pub permissions: Joined<Permission>,
}

/// The address of a person as the identity provider states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatedEmail {
    /// The address.
    pub address: Email,
    /// Whether it counts as verified, by what the provider states and `OIDC_TRUST_EMAIL`.
    pub verified: bool,
}

impl SignedIn {
    /// Returns the stored id of this sign-in.
    #[must_use]
    pub fn hash(&self) -> String {
        subject_hash(&self.issuer, self.subject_claim, &self.subject)
    }

    /// Returns a name for the person: as the provider states it, or else their verified address, or else a
    /// visible form of the subject, which may hold any characters.
    #[must_use]
    pub fn shown_name(&self) -> Name {
        let address = || self.verified_email().and_then(|email| Name::cleaned(email.as_str()));
        let named = self.name.clone().or_else(address).or_else(|| Name::cleaned(&self.subject));
        named.unwrap_or_else(|| Name::cleaned("somebody who signed in").expect("the text is visible"))
    }

    /// Returns the address if it counts as verified.
    #[must_use]
    pub fn verified_email(&self) -> Option<&Email> {
        self.email.as_ref().filter(|email| email.verified).map(|email| &email.address)
    }
}

/// SHA-256 of issuer, claim and subject, in hexadecimal.
///
/// The issuer's length comes first, and the names of claims are equally long. So different people have different
/// hashes, also where texts are the same once they are joined.
fn subject_hash(issuer: &str, claim: SubjectClaim, subject: &str) -> String {
    let mut hash = Sha256::new();
    hash.update((issuer.len() as u64).to_be_bytes());
    for part in [issuer, claim.as_str(), subject] {
        hash.update(part.as_bytes());
    }
    hex::encode(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_has_a_visible_name_whatever_the_provider_states() {
        let address = Email::try_from("ann@example.com".to_owned()).unwrap();
        let stated = |verified| Some(StatedEmail { address: address.clone(), verified });
        let mut sign_in = SignedIn {
            issuer: "https://id.example".to_owned(),
            subject_claim: SubjectClaim::Sub,
            subject: "a\nb\0".to_owned(),
            email: stated(true),
            name: Name::cleaned("Ann"),
            permissions: Joined::from_iter([]),
        };
        assert_eq!(sign_in.shown_name().as_str(), "Ann");
        sign_in.name = None;
        assert_eq!(sign_in.shown_name().as_str(), "ann@example.com");
        sign_in.email = stated(false);
        assert_eq!(sign_in.shown_name().as_str(), "a b");
        sign_in.subject = "\0\u{200b}".to_owned();
        assert_eq!(sign_in.shown_name().as_str(), "somebody who signed in");
    }

    #[test]
    fn the_border_between_issuer_and_subject_counts() {
        let hash = |issuer, subject| subject_hash(issuer, SubjectClaim::Sub, subject);
        assert_ne!(hash("https://a.example/x", "y"), hash("https://a.example/", "xy"));
        assert_ne!(hash("a", "b"), subject_hash("a", SubjectClaim::Oid, "b"), "the claim counts too");
        // As `sha256sum` hashes the same bytes: what was stored once is found for ever.
        let stored = "3354ee101b50a7362a25f33f1afef71e366e0626c52f5d867bd5b125ca8608a3";
        assert_eq!(hash("https://id.example", "alice"), stored);
    }
}
