//! What the issuer's userinfo endpoint says of a person.

use domain::{
    sign_in::SignedIn,
    text::{Email, Name},
};
use serde_json::{Map, Value};

use crate::{
    address::{Address, Source},
    claims::{self, Accepted},
    issuer::Issuer,
};

/// What the endpoint says of a person; nothing where it does not know them.
#[derive(Debug, Default)]
pub struct Profile {
    address: Address,
    name: Option<Name>,
}

impl Profile {
    /// Reads the claims that the endpoint answered for the person of a token. `None` if they are of another `sub`.
    #[must_use]
    pub fn read(claims: &Map<String, Value>, accepted: &Accepted, issuer: &Issuer) -> Option<Self> {
        let sub = claims.get("sub").and_then(Value::as_str);
        if sub.is_none() || sub != accepted.sub.as_deref() {
            return None;
        }
        let source = Source::Userinfo { doubted: accepted.address_doubted };
        Some(Self { address: issuer.address.read(claims, source), name: claims::name(claims) })
    }

    /// Adds to a sign-in what the token did not say.
    #[must_use]
    pub fn complete(&self, sign_in: SignedIn) -> SignedIn {
        let name = sign_in.name.clone().or_else(|| self.name.clone());
        match &self.address {
            Address { email: Some(email), verified, .. } if *verified || sign_in.email.is_none() => {
                SignedIn { email: Some(email.clone()), email_verified: *verified, name, ..sign_in }
            }
            _ => SignedIn { name, ..sign_in },
        }
    }

    /// Returns its size in memory, bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let texts = [self.address.email.as_ref().map(Email::as_str), self.name.as_ref().map(Name::as_str)];
        size_of::<Self>() + texts.into_iter().flatten().map(str::len).sum::<usize>()
    }
}
