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
        let adds = sign_in.email.is_none() || self.address.verified && !sign_in.email_verified;
        match &self.address.email {
            Some(email) if adds => {
                let (email, email_verified) = (Some(email.clone()), self.address.verified);
                SignedIn { email, email_verified, name, ..sign_in }
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

#[cfg(test)]
mod tests {
    use domain::sign_in::SubjectClaim;

    use super::*;
    use crate::{
        address::{AddressRule, Trust},
        claims::tests::issuer,
        documents::Documents,
    };

    fn email(text: &str) -> Option<Email> {
        Email::try_from(text.to_owned()).ok()
    }

    /// Sign-ins of Ann whose tokens say more or less of her.
    fn sign_ins() -> Vec<SignedIn> {
        let addresses = [(None, false), (email("old@example.com"), false), (email("old@example.com"), true)];
        let with = |(email, email_verified): &(Option<Email>, bool), name: &str| SignedIn {
            issuer: "https://id.example".to_owned(),
            subject_claim: SubjectClaim::Sub,
            subject: "ann".to_owned(),
            email: email.clone(),
            email_verified: *email_verified,
            name: Name::cleaned(name),
            permissions: [].into_iter().collect(),
        };
        addresses.iter().flat_map(|address| ["", "Annie"].map(|name| with(address, name))).collect()
    }

    /// Adds what an answer says to a sign-in, by the rules for each member.
    fn completed(before: &SignedIn, answer: &Map<String, Value>, trust: Trust, doubted: bool) -> SignedIn {
        let text = |member: &str| answer.get(member).and_then(Value::as_str);
        let is_stated = answer.contains_key("email_verified");
        let is_true =
            answer.get("email_verified") == Some(&true.into()) || text("email_verified") == Some("true");
        let is_verified = match trust {
            Trust::Claim => is_true,
            Trust::Absent => is_true || !is_stated && !doubted,
            Trust::Always => true,
        };
        let mut after = before.clone();
        if let Some(address) = text("email").and_then(email)
            && !before.email_verified
            && (is_verified || before.email.is_none())
        {
            (after.email, after.email_verified) = (Some(address), is_verified);
        }
        if before.name.is_none() {
            after.name = text("name").and_then(Name::cleaned);
        }
        after
    }

    #[test]
    fn a_verified_address_of_the_token_stays() {
        let address = Address { email: email("new@example.com"), verified: true, denied: false };
        let profile = Profile { address, name: None };
        let [unverified, verified] = [false, true].map(|email_verified| {
            let is_such =
                |sign_in: &SignedIn| sign_in.email.is_some() && sign_in.email_verified == email_verified;
            profile.complete(sign_ins().into_iter().find(is_such).unwrap()).email
        });
        assert_eq!((unverified, verified), (email("new@example.com"), email("old@example.com")));
    }

    #[test]
    fn fuzzed_answers_of_userinfo_endpoints_add_to_a_sign_in_of_their_subject_alone() {
        const MAX_BYTES: usize = size_of::<Profile>() + 254 + 64 * 4;
        fuzz::documents("userinfo").play(|text| {
            let Some(answer) = Documents::parse::<Map<String, Value>>(text.as_bytes()) else { return false };
            let is_of = |sub: &str| answer.get("sub").and_then(Value::as_str) == Some(sub);
            for (trust, address_doubted) in [Trust::Claim, Trust::Absent, Trust::Always]
                .into_iter()
                .flat_map(|trust| [(trust, false), (trust, true)])
            {
                let issuer = Issuer { address: AddressRule::of("email", trust), ..issuer(SubjectClaim::Sub) };
                for sign_in in sign_ins() {
                    let read = |sub: Option<&str>| {
                        let (sign_in, sub) = (sign_in.clone(), sub.map(str::to_owned));
                        let accepted = Accepted { sign_in, sub, address_denied: false, address_doubted };
                        Profile::read(&answer, &accepted, &issuer)
                    };
                    assert!(read(None).is_none());
                    assert_eq!(read(Some("bob")).is_some(), is_of("bob"));
                    assert_eq!(read(Some("ann")).is_some(), is_of("ann"));
                    let Some(profile) = read(Some("ann")) else { continue };
                    assert!(profile.bytes() <= MAX_BYTES);
                    let after = profile.complete(sign_in.clone());
                    assert_eq!(after, completed(&sign_in, &answer, trust, address_doubted));
                    assert_eq!(profile.complete(after.clone()), after, "a second time nothing");
                }
            }
            is_of("ann")
        });
    }
}
