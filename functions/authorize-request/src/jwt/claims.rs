//! The claims of a JWT, and their checks.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    Time,
    joined::Joined,
    permission::Permission,
    sign_in::{SignedIn, SubjectClaim},
    text::Name,
};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    address::{self, Address, Source},
    issuer::Issuer,
};

/// How far an issuer's clock may run ahead of the gateway's, seconds.
const MAX_CLOCK_SKEW: f64 = 30.0;

/// The claims of a token.
#[derive(Debug)]
pub(super) struct Claims {
    checked: Checked,
    all: Map<String, Value>,
}

/// The claims on which the authorizer relies, with the types that they must have.
#[derive(Debug, Deserialize)]
struct Checked {
    iss: String,
    #[serde(default, deserialize_with = "api::non_null")]
    sub: Option<String>,
    exp: f64,
    #[serde(default, deserialize_with = "api::non_null")]
    nbf: Option<f64>,
    #[serde(default, deserialize_with = "api::non_null")]
    aud: Option<Audience>,
    #[serde(default, deserialize_with = "api::non_null")]
    client_id: Option<String>,
}

/// The person of an acceptable token.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) sign_in: SignedIn,
    /// The `sub`, which may be another claim than the one by which the person is known.
    pub(super) sub: Option<String>,
    /// Whether the issuer states that it did not verify the address.
    pub(super) address_denied: bool,
    /// Whether the token says of the address something else than that it is verified.
    pub(super) address_doubted: bool,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Claims {
    /// Reads claims. `None` if one of them has another type than it must have.
    pub(super) fn read(claims: Value) -> Option<Self> {
        let checked = Checked::deserialize(&claims).ok()?;
        let Value::Object(all) = claims else { return None };
        Some(Self { checked, all })
    }

    /// Returns the person, or the reason why the token is not acceptable at `now`.
    pub(super) fn accept(self, issuer: &Issuer, now: Time) -> Result<Accepted, &'static str> {
        let Self { checked, all } = self;
        checked.check(issuer, now)?;
        let subject = match issuer.subject_claim {
            SubjectClaim::Sub => checked.sub.as_deref(),
            SubjectClaim::Oid => text(&all, "oid"),
        };
        let subject = subject.filter(|subject| (1..=256).contains(&subject.len())).ok_or("jwt_subject")?;
        let Address { email, verified, denied } = issuer.address.read(&all, Source::Token);
        let sign_in = SignedIn {
            issuer: checked.iss,
            subject_claim: issuer.subject_claim,
            subject: subject.to_owned(),
            email,
            email_verified: verified,
            name: name(&all),
            permissions: permissions(&all),
        };
        let address_doubted = address::is_doubted(&all);
        Ok(Accepted { sign_in, sub: checked.sub, address_denied: denied, address_doubted })
    }
}

impl Checked {
    fn check(&self, issuer: &Issuer, now: Time) -> Result<(), &'static str> {
        #[expect(clippy::cast_precision_loss, reason = "seconds until the year 9999 are exact in 53 bits")]
        let now = now.seconds() as f64;
        if self.iss != issuer.url {
            return Err("jwt_issuer");
        }
        if self.exp <= now {
            return Err("jwt_expired");
        }
        if self.nbf.is_some_and(|not_before| not_before > now + MAX_CLOCK_SKEW) {
            return Err("jwt_not_yet_valid");
        }
        let for_us = match (&self.aud, &issuer.client_id) {
            (Some(Audience::One(audience)), _) => *audience == issuer.audience,
            (Some(Audience::Several(audiences)), _) => audiences.contains(&issuer.audience),
            (None, Some(expected)) => self.client_id.as_ref() == Some(expected),
            (None, None) => false,
        };
        if for_us { Ok(()) } else { Err("jwt_audience") }
    }
}

fn text<'a>(claims: &'a Map<String, Value>, claim: &str) -> Option<&'a str> {
    claims.get(claim).and_then(Value::as_str)
}

/// Returns the person's name, if claims state one.
pub(super) fn name(claims: &Map<String, Value>) -> Option<Name> {
    text(claims, "name").and_then(Name::cleaned)
}

/// Collects the permissions in scopes, which are text or lists, and in a list of permissions. Other words in them are
/// skipped.
fn permissions(claims: &Map<String, Value>) -> Joined<Permission> {
    let scopes = ["scope", "scp"].map(|claim| claims.get(claim));
    let listed = claims.get("permissions").filter(|listed| listed.is_array());
    let texts = scopes.into_iter().chain([listed]).flatten().flat_map(|claim| match claim {
        Value::Array(texts) => texts.as_slice(),
        text => std::slice::from_ref(text),
    });
    let words = texts.filter_map(Value::as_str).flat_map(str::split_whitespace);
    words.filter_map(|word| Permission::try_from(word.to_owned()).ok()).collect()
}

/// Tells whether the header names an extension that the reader must support (RFC 7515, `crit`). None is supported.
pub(crate) fn is_critical(token: &str) -> bool {
    let header = token.split('.').next().and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    let header = header.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    header.is_none_or(|header| header.get("crit").is_some())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    use crate::jwt::address::{AddressRule, Trust};

    fn issuer(client_id: Option<&str>) -> Issuer {
        Issuer {
            url: "https://id.example".to_owned(),
            audience: "keys".to_owned(),
            client_id: client_id.map(str::to_owned),
            algorithms: Vec::new(),
            subject_claim: SubjectClaim::Sub,
            address: AddressRule::of("email", Trust::Claim),
        }
    }

    fn accepted(changes: &Value, issuer: &Issuer) -> Result<Accepted, &'static str> {
        let mut claims = json!({"iss": "https://id.example", "sub": "ann", "aud": "keys", "exp": 1_000});
        for (name, value) in changes.as_object().unwrap() {
            match value {
                Value::String(word) if word == "absent" => claims.as_object_mut().unwrap().remove(name),
                value => claims.as_object_mut().unwrap().insert(name.clone(), value.clone()),
            };
        }
        Claims::read(claims).ok_or("type")?.accept(issuer, Time::from_seconds(999))
    }

    #[test]
    fn every_claim_is_required_with_its_type() {
        for (changes, why) in [
            (json!({}), None),
            (json!({"aud": ["other", "keys"]}), None),
            (json!({"nbf": 1_029}), None),
            (json!({"exp": 999}), Some("jwt_expired")),
            (json!({"exp": "1000"}), Some("type")),
            (json!({"exp": null}), Some("type")),
            (json!({"exp": "absent"}), Some("type")),
            (json!({"nbf": 1_030}), Some("jwt_not_yet_valid")),
            (json!({"nbf": "1"}), Some("type")),
            (json!({"nbf": null}), Some("type")),
            (json!({"iss": "https://id.example/"}), Some("jwt_issuer")),
            (json!({"iss": ["https://id.example"]}), Some("type")),
            (json!({"aud": "other"}), Some("jwt_audience")),
            (json!({"aud": {"keys": 1}}), Some("type")),
            (json!({"aud": null}), Some("type")),
            (json!({"aud": "absent"}), Some("jwt_audience")),
            (json!({"aud": "absent", "client_id": "keys"}), Some("jwt_audience")),
            (json!({"sub": ""}), Some("jwt_subject")),
            (json!({"sub": "absent"}), Some("jwt_subject")),
            (json!({"sub": "s".repeat(257)}), Some("jwt_subject")),
            (json!({"sub": null}), Some("type")),
            (json!({"sub": 7}), Some("type")),
        ] {
            assert_eq!(accepted(&changes, &issuer(None)).err(), why, "{changes}");
        }
    }

    #[test]
    fn a_client_id_replaces_an_absent_audience_only_where_configured() {
        let (without, with) = (json!({"aud": "absent", "client_id": "app"}), issuer(Some("app")));
        assert!(accepted(&without, &with).is_ok());
        assert_eq!(accepted(&json!({"aud": "other", "client_id": "app"}), &with).err(), Some("jwt_audience"));
        assert_eq!(accepted(&json!({"aud": "absent", "client_id": ["app"]}), &with).err(), Some("type"));
    }

    #[test]
    fn people_are_known_by_the_claim_of_the_setting() {
        let by_oid = Issuer { subject_claim: SubjectClaim::Oid, ..issuer(None) };
        let found = accepted(&json!({"oid": "o-1"}), &by_oid).unwrap();
        assert_eq!((found.sign_in.subject.as_str(), found.sub.as_deref()), ("o-1", Some("ann")));
        let found = accepted(&json!({"oid": "o-1", "sub": "absent"}), &by_oid).unwrap();
        assert_eq!((found.sign_in.subject.as_str(), found.sub), ("o-1", None));
        for oid in [json!("absent"), json!(""), json!(null), json!(7), json!(["o-1"]), json!("o".repeat(257))]
        {
            assert_eq!(accepted(&json!({"oid": oid}), &by_oid).err(), Some("jwt_subject"), "{oid}");
        }
        assert_eq!(accepted(&json!({"oid": "o-1", "sub": 7}), &by_oid).err(), Some("type"));
        assert_eq!(accepted(&json!({"oid": 7}), &issuer(None)).unwrap().sign_in.subject, "ann");
    }

    #[test]
    fn scopes_are_text_or_lists() {
        for (claims, expected) in [
            (json!({"scope": "Openid orders:read  clusters:*"}), vec!["orders:read", "clusters:*"]),
            (json!({"scope": ["Openid", "orders:read"]}), vec!["orders:read"]),
            (json!({"scp": "orders:read"}), vec!["orders:read"]),
            (json!({"scp": ["orders:read", 7, null, "orders:write"]}), vec!["orders:read", "orders:write"]),
            (json!({"scope": "a:b", "scp": ["c:d"], "permissions": ["e:f"]}), vec!["a:b", "c:d", "e:f"]),
            (json!({"scope": 7, "scp": {"a:b": true}, "permissions": "e:f"}), vec![]),
            (json!({"scope": null, "scp": [], "permissions": null}), vec![]),
        ] {
            let found = accepted(&claims, &issuer(None)).unwrap().sign_in.permissions;
            assert_eq!(found.words().collect::<Vec<_>>(), expected, "{claims}");
        }
    }
}
