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

    /// Adds the name and the address that the token lacks. A verified address replaces an unverified one, unless the token
    /// says that it is not verified.
    #[must_use]
    pub fn complete(&self, accepted: &Accepted) -> SignedIn {
        let sign_in = accepted.sign_in.clone();
        let name = sign_in.name.clone().or_else(|| self.name.clone());
        let lacks_address = sign_in.email.is_none() || self.address.verified && !sign_in.email_verified;
        let adds = lacks_address && !accepted.address_denied;
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

    fn accepted(sign_in: SignedIn, sub: Option<&str>, [denied, doubted]: [bool; 2]) -> Accepted {
        let sub = sub.map(str::to_owned);
        Accepted { sign_in, sub, address_denied: denied, address_doubted: doubted }
    }

    /// Adds what an answer says to a sign-in, by the rules for each member.
    fn completed(
        before: &SignedIn,
        answer: &Map<String, Value>,
        trust: Trust,
        [denied, doubted]: [bool; 2],
    ) -> SignedIn {
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
            && !denied
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
    fn an_address_of_the_token_stays_if_it_is_verified_or_denied() {
        let address = Address { email: email("new@example.com"), verified: true, denied: false };
        let profile = Profile { address, name: None };
        for (is_verified, is_denied, expected) in [
            (false, false, "new@example.com"),
            (false, true, "old@example.com"),
            (true, false, "old@example.com"),
        ] {
            let is_such =
                |sign_in: &SignedIn| sign_in.email.is_some() && sign_in.email_verified == is_verified;
            let sign_in = sign_ins().into_iter().find(is_such).unwrap();
            let after = profile.complete(&accepted(sign_in, None, [is_denied, false]));
            assert_eq!(after.email, email(expected), "{is_verified} {is_denied}");
        }
    }

    #[test]
    fn fuzzed_answers_of_userinfo_endpoints_add_to_a_sign_in_of_their_subject_alone() {
        const MAX_BYTES: usize = size_of::<Profile>() + 254 + 64 * 4;
        let flags = [[false, false], [false, true], [true, false]];
        let rules =
            [Trust::Claim, Trust::Absent, Trust::Always].map(|trust| flags.map(|flags| (trust, flags)));
        fuzz::documents("userinfo").play(|text| {
            let Some(answer) = Documents::parse::<Map<String, Value>>(text.as_bytes()) else { return false };
            let is_of = |sub: &str| answer.get("sub").and_then(Value::as_str) == Some(sub);
            for (trust, flags) in rules.into_iter().flatten() {
                let issuer = Issuer { address: AddressRule::of("email", trust), ..issuer(SubjectClaim::Sub) };
                for sign_in in sign_ins() {
                    let of = |sub| accepted(sign_in.clone(), sub, flags);
                    let read = |sub| Profile::read(&answer, &of(sub), &issuer);
                    assert!(read(None).is_none());
                    assert_eq!(read(Some("bob")).is_some(), is_of("bob"));
                    assert_eq!(read(Some("ann")).is_some(), is_of("ann"));
                    let Some(profile) = read(Some("ann")) else { continue };
                    assert!(profile.bytes() <= MAX_BYTES);
                    let after = profile.complete(&of(None));
                    assert_eq!(after, completed(&sign_in, &answer, trust, flags));
                    let again = profile.complete(&accepted(after.clone(), None, flags));
                    assert_eq!(again, after, "a second time nothing");
                }
            }
            is_of("ann")
        });
    }
}
