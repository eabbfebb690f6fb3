//! The address of a person in claims, and whether the issuer vouches for it.

use std::str::FromStr;

use api::app::{BadSetting, Environment};
use domain::{sign_in::StatedEmail, text::Email};
use serde_json::{Map, Value};

/// The claim that holds the address by default.
const STANDARD_CLAIM: &str = "email";

const VERIFIED_CLAIM: &str = "email_verified";

/// Where the address of a person stands, and when it counts as verified.
#[derive(Debug)]
pub(crate) struct AddressRule {
    claim: String,
    trust: Trust,
}

/// When an address counts as verified (`OIDC_TRUST_EMAIL`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Trust {
    /// If `email_verified` is true.
    #[default]
    Claim,
    /// Also if that claim is missing. Never if it has another value.
    Absent,
    /// Whatever the claims say.
    Always,
}

impl FromStr for Trust {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text {
            "claim" => Ok(Self::Claim),
            "absent" => Ok(Self::Absent),
            "always" => Ok(Self::Always),
            _ => Err("must be claim, absent or always"),
        }
    }
}

/// What holds the claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Token,
    /// The answer of the userinfo endpoint, where some issuers write `true` as text.
    Userinfo {
        /// Whether the token says of the address something else than that it is verified.
        doubted: bool,
    },
}

/// The address that claims state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct EmailClaims {
    /// `None` if there is none, or none that can be used.
    pub(crate) email: Option<StatedEmail>,
    /// Whether the issuer states that it did not verify this address.
    pub(crate) denied: bool,
}

impl AddressRule {
    pub(crate) fn from_env(environment: &Environment) -> Result<Self, BadSetting> {
        Ok(Self {
            claim: environment.optional("OIDC_EMAIL_CLAIM").unwrap_or_else(|| STANDARD_CLAIM.to_owned()),
            trust: environment.parse_or("OIDC_TRUST_EMAIL", Trust::default())?,
        })
    }

    /// Reads the address of claims.
    pub(crate) fn read(&self, claims: &Map<String, Value>, source: Source) -> EmailClaims {
        let text = claims.get(&self.claim).and_then(Value::as_str);
        let Some(address) = text.and_then(|text| Email::try_from(text.to_owned()).ok()) else {
            return EmailClaims::default();
        };
        let claim = claims.get(VERIFIED_CLAIM);
        let is_true = |value: &Value| {
            *value == Value::Bool(true) || source != Source::Token && value.as_str() == Some("true")
        };
        let verified = match self.trust {
            Trust::Claim => claim.is_some_and(is_true),
            Trust::Absent => claim.map_or(source != Source::Userinfo { doubted: true }, is_true),
            Trust::Always => true,
        };
        let denied = !verified && claim == Some(&Value::Bool(false));
        EmailClaims { email: Some(StatedEmail { address, verified }), denied }
    }
}

/// Tells whether claims say of an address something else than that it is verified. Where they do, an answer that says
/// nothing of it is no proof.
pub(crate) fn is_doubted(claims: &Map<String, Value>) -> bool {
    claims.get(VERIFIED_CLAIM).is_some_and(|claim| *claim != Value::Bool(true) && *claim != "true")
}

#[cfg(test)]
impl AddressRule {
    pub(crate) fn of(claim: &str, trust: Trust) -> Self {
        Self { claim: claim.to_owned(), trust }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(rule: &AddressRule, claims: &Value, source: Source) -> EmailClaims {
        rule.read(claims.as_object().unwrap(), source)
    }

    fn is_verified(rule: &AddressRule, claims: &Value, source: Source) -> bool {
        read(rule, claims, source).email.unwrap().verified
    }

    #[test]
    fn an_address_is_verified_as_the_setting_says() {
        let (yes, no) = (true, false);
        // Missing, true, "true" in a token, "true" at userinfo, and other values.
        for (trust, expected) in [
            ("claim", [no, yes, no, yes, no]),
            ("absent", [yes, yes, no, yes, no]),
            ("always", [yes, yes, yes, yes, yes]),
        ] {
            let rule = AddressRule::of("email", trust.parse().unwrap());
            let verified = |value: Option<Value>, source| {
                let mut claims = json!({"email": "ann@example.com"});
                if let Some(value) = value {
                    claims["email_verified"] = value;
                }
                is_verified(&rule, &claims, source)
            };
            for source in [Source::Token, Source::Userinfo { doubted: false }] {
                assert_eq!(verified(None, source), expected[0], "{trust}");
                assert_eq!(verified(Some(json!(true)), source), expected[1], "{trust}");
                for other in [json!(false), json!(null), json!(1), json!("false"), json!("True"), json!([])] {
                    assert_eq!(verified(Some(other.clone()), source), expected[4], "{trust} {other}");
                }
            }
            assert_eq!(verified(Some(json!("true")), Source::Token), expected[2], "{trust}");
            assert_eq!(
                verified(Some(json!("true")), Source::Userinfo { doubted: false }),
                expected[3],
                "{trust}"
            );
        }
        let (claims, doubted) = (json!({"email": "ann@example.com"}), Source::Userinfo { doubted: true });
        for (trust, verified) in [(Trust::Claim, false), (Trust::Absent, false), (Trust::Always, true)] {
            assert_eq!(is_verified(&AddressRule::of("email", trust), &claims, doubted), verified);
        }
        assert!("Claim".parse::<Trust>().is_err() && "yes".parse::<Trust>().is_err());
    }

    #[test]
    fn the_address_comes_from_the_claim_that_the_setting_names() {
        let claims = json!({
            "email": "a@example.com", "upn": "b@example.com", "https://acme.example/mail": "c@example.com",
            "list": ["d@example.com"], "word": "somebody", "email_verified": true,
        });
        for (claim, expected) in [
            ("email", Some("a@example.com")),
            ("upn", Some("b@example.com")),
            ("https://acme.example/mail", Some("c@example.com")),
            ("list", None),
            ("word", None),
            ("absent", None),
        ] {
            let found = read(&AddressRule::of(claim, Trust::Always), &claims, Source::Token);
            let found = found.email.as_ref().map(|email| (email.address.as_str(), email.verified));
            assert_eq!(found, expected.map(|address| (address, true)), "{claim}");
        }
    }

    #[test]
    fn whatever_is_not_true_is_a_doubt() {
        for (claims, doubted) in [
            (json!({}), false),
            (json!({"email_verified": true}), false),
            (json!({"email_verified": "true"}), false),
            (json!({"email_verified": false}), true),
            (json!({"email_verified": "false"}), true),
            (json!({"email_verified": null}), true),
            (json!({"email_verified": 1}), true),
        ] {
            assert_eq!(is_doubted(claims.as_object().unwrap()), doubted, "{claims}");
        }
    }

    #[test]
    fn only_a_stated_false_denies_an_address() {
        let rule = AddressRule::of("email", Trust::Claim);
        for (claims, denied) in [
            (json!({"email": "a@example.com", "email_verified": false}), true),
            (json!({"email": "a@example.com"}), false),
            (json!({"email": "a@example.com", "email_verified": "true"}), false),
            (json!({"email_verified": false}), false),
        ] {
            assert_eq!(read(&rule, &claims, Source::Token).denied, denied, "{claims}");
        }
    }
}
