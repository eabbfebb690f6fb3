//! The claims of a JWT, and their checks.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    Time,
    joined::Joined,
    permission::Permission,
    sign_in::SignedIn,
    text::{Email, Name},
};
use serde::Deserialize;
use serde_json::Value;

use super::issuer::Issuer;

/// How far an issuer's clock may run ahead of the gateway's, seconds.
const MAX_CLOCK_SKEW: f64 = 30.0;

/// The claims on which the authorizer relies, with the types that they must have.
#[derive(Debug, Deserialize)]
pub(crate) struct Claims {
    iss: String,
    sub: String,
    exp: f64,
    #[serde(default, deserialize_with = "api::non_null")]
    nbf: Option<f64>,
    #[serde(default, deserialize_with = "api::non_null")]
    aud: Option<Audience>,
    #[serde(default, deserialize_with = "api::non_null")]
    client_id: Option<String>,
    email: Option<Value>,
    email_verified: Option<Value>,
    name: Option<Value>,
    scope: Option<Value>,
    permissions: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Claims {
    /// Returns the person, or the reason why the token is not acceptable at `now`.
    pub(crate) fn accept(self, issuer: &Issuer, now: Time) -> Result<SignedIn, &'static str> {
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
        if !for_us {
            return Err("jwt_audience");
        }
        if self.sub.is_empty() || self.sub.len() > 256 {
            return Err("jwt_subject");
        }
        let text = |value: Option<Value>| value.and_then(|value| value.as_str().map(str::to_owned));
        Ok(SignedIn {
            issuer: self.iss,
            subject: self.sub,
            email: text(self.email).and_then(|email| Email::try_from(email).ok()),
            email_verified: matches!(self.email_verified, Some(Value::Bool(true)))
                || self.email_verified.is_some_and(|value| value == "true"),
            name: text(self.name).and_then(|name| Name::cleaned(&name)),
            permissions: permissions(self.scope.as_ref(), self.permissions.as_ref()),
        })
    }
}

/// Collects the permissions in a scope and in a list of permissions. Other words in them are skipped.
fn permissions(scope: Option<&Value>, listed: Option<&Value>) -> Joined<Permission> {
    let in_scope = scope.and_then(Value::as_str).unwrap_or_default().split_whitespace();
    let listed = listed.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    in_scope.chain(listed).filter_map(|text| Permission::try_from(text.to_owned()).ok()).collect()
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

    fn issuer(client_id: Option<&str>) -> Issuer {
        Issuer {
            url: "https://id.example".to_owned(),
            audience: "keys".to_owned(),
            client_id: client_id.map(str::to_owned),
            algorithms: Vec::new(),
        }
    }

    fn accepted(changes: &Value, issuer: &Issuer) -> Result<SignedIn, &'static str> {
        let mut claims = json!({"iss": "https://id.example", "sub": "ann", "aud": "keys", "exp": 1_000});
        for (name, value) in changes.as_object().unwrap() {
            match value {
                Value::String(word) if word == "absent" => claims.as_object_mut().unwrap().remove(name),
                value => claims.as_object_mut().unwrap().insert(name.clone(), value.clone()),
            };
        }
        let claims: Claims = serde_json::from_value(claims).map_err(|_| "type")?;
        claims.accept(issuer, Time::from_seconds(999))
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
    fn only_true_verifies_an_address() {
        for (value, verified) in
            [(json!(true), true), (json!("true"), true), (json!(1), false), (json!("yes"), false)]
        {
            let sign_in =
                accepted(&json!({"email": "a@b.co", "email_verified": value}), &issuer(None)).unwrap();
            assert_eq!(sign_in.email_verified, verified);
        }
    }
}
