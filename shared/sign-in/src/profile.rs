//! What the issuer's userinfo endpoint says of a person.

use domain::{
    sign_in::{SignedIn, StatedEmail},
    text::Name,
};
use serde_json::{Map, Value};

use crate::{
    address::Source,
    claims::{self, Accepted},
    issuer::Issuer,
};

/// What the endpoint says of a person; nothing where it does not know them.
#[derive(Debug, Default)]
pub struct Profile {
    email: Option<StatedEmail>,
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
        Some(Self { email: issuer.address.read(claims, source).email, name: claims::name(claims) })
    }

    /// Adds the name and the address that the token lacks. A verified address replaces an unverified one, unless the token
    /// says that it is not verified.
    #[must_use]
    pub fn complete(&self, accepted: &Accepted) -> SignedIn {
        let sign_in = accepted.sign_in.clone();
        let name = sign_in.name.clone().or_else(|| self.name.clone());
        let is_better = |email: &StatedEmail| {
            sign_in.email.as_ref().is_none_or(|known| email.verified && !known.verified)
        };
        let added = self.email.clone().filter(|email| !accepted.address_denied && is_better(email));
        SignedIn { email: added.or_else(|| sign_in.email.clone()), name, ..sign_in }
    }

    /// Returns its size in memory, bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let address = self.email.as_ref().map(|email| email.address.as_str());
        let texts = [address, self.name.as_ref().map(Name::as_str)];
        size_of::<Self>() + texts.into_iter().flatten().map(str::len).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use domain::{sign_in::SubjectClaim, text::Email};

    use super::*;
    use crate::{
        address::{AddressRule, Trust},
        claims::tests::issuer,
        documents::Documents,
    };

    fn email(text: &str, verified: bool) -> Option<StatedEmail> {
        let address = Email::try_from(text.to_owned()).ok()?;
        Some(StatedEmail { address, verified })
    }

    /// Sign-ins of Ann whose tokens say more or less of her.
    fn sign_ins() -> Vec<SignedIn> {
        let addresses = [None, email("old@example.com", false), email("old@example.com", true)];
        let with = |email: &Option<StatedEmail>, name: &str| SignedIn {
            issuer: "https://id.example".to_owned(),
            subject_claim: SubjectClaim::Sub,
            subject: "ann".to_owned(),
            email: email.clone(),
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
        if let Some(stated) = text("email").and_then(|text| email(text, is_verified))
            && !denied
            && before.verified_email().is_none()
            && (is_verified || before.email.is_none())
        {
            after.email = Some(stated);
        }
        if before.name.is_none() {
            after.name = text("name").and_then(Name::cleaned);
        }
        after
    }

    #[test]
    fn an_address_of_the_token_stays_if_it_is_verified_or_denied() {
        let new = email("new@example.com", true);
        let profile = Profile { email: new.clone(), name: None };
        for (is_verified, is_denied, is_replaced) in
            [(false, false, true), (false, true, false), (true, false, false)]
        {
            let old = email("old@example.com", is_verified);
            let sign_in = sign_ins().into_iter().find(|sign_in| sign_in.email == old).unwrap();
            let after = profile.complete(&accepted(sign_in, None, [is_denied, false]));
            let expected = if is_replaced { &new } else { &old };
            assert_eq!(after.email, *expected, "{is_verified} {is_denied}");
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
