//! The claims of a JWT, and their checks.

use api::app::{BadSetting, Environment};
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

use crate::{
    address::{self, EmailClaims, Source},
    issuer::Issuer,
};

/// How far an issuer's clock may run ahead of the gateway's, seconds.
const MAX_CLOCK_SKEW: f64 = 30.0;

/// The claims of a token.
#[derive(Debug)]
pub(crate) struct Claims {
    checked: Checked,
    all: Map<String, Value>,
}

/// What an acceptable token is for.
#[derive(Debug, Clone, Copy)]
pub enum Purpose<'a> {
    /// To call this API: an access token.
    Api(&'a Audience),
    /// To tell the console who signed in: the ID token that answers the request with this nonce.
    Console {
        /// The console's client id at the issuer.
        client_id: &'a str,
        /// The nonce of the request.
        nonce: &'a str,
    },
}

/// The audience of access tokens.
#[derive(Debug)]
pub struct Audience {
    name: String,
    /// Set for issuers whose tokens have no audience.
    client_id: Option<String>,
}

impl Audience {
    /// Reads the settings of the audience.
    pub fn from_env(environment: &Environment) -> Result<Self, BadSetting> {
        let client_id = environment.optional("OIDC_CLIENT_ID");
        Ok(Self { name: environment.required("OIDC_AUDIENCE")?, client_id })
    }
}

/// The claims that are relied on, with the types that they must have.
#[derive(Debug, Deserialize)]
struct Checked {
    iss: String,
    #[serde(default, deserialize_with = "api::non_null")]
    sub: Option<String>,
    exp: f64,
    #[serde(default, deserialize_with = "api::non_null")]
    nbf: Option<f64>,
    #[serde(default, deserialize_with = "api::non_null")]
    aud: Option<StatedAudience>,
    #[serde(default, deserialize_with = "api::non_null")]
    client_id: Option<String>,
}

/// The claims of an ID token that are relied on besides.
#[derive(Debug, Deserialize)]
struct OfIdToken {
    iat: f64,
    nonce: String,
    #[serde(default, deserialize_with = "api::non_null")]
    azp: Option<String>,
}

/// The person of an acceptable token.
#[derive(Debug)]
pub struct Accepted {
    /// The person.
    pub sign_in: SignedIn,
    /// The `sub`, which may be another claim than the one by which the person is known.
    pub sub: Option<String>,
    /// Whether the issuer states that it did not verify the address.
    pub address_denied: bool,
    /// Whether the token says of the address something else than that it is verified.
    pub address_doubted: bool,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum StatedAudience {
    One(String),
    Several(Vec<String>),
}

impl Claims {
    /// Reads claims. `None` if one of them has another type than it must have.
    pub(crate) fn read(claims: Value) -> Option<Self> {
        let checked = Checked::deserialize(&claims).ok()?;
        let Value::Object(all) = claims else { return None };
        Some(Self { checked, all })
    }

    /// Returns the person, or the reason why the token is not acceptable at `now`.
    pub(crate) fn accept(
        self,
        issuer: &Issuer,
        purpose: Purpose<'_>,
        now: Time,
    ) -> Result<Accepted, &'static str> {
        let Self { checked, all } = self;
        checked.check(issuer, now)?;
        match purpose {
            Purpose::Api(audience) => checked.check_audience(audience)?,
            Purpose::Console { client_id, nonce } => checked.check_client(&all, client_id, nonce, now)?,
        }
        let subject = match issuer.subject_claim {
            SubjectClaim::Sub => checked.sub.as_deref(),
            SubjectClaim::Oid => text(&all, "oid"),
        };
        let subject = subject.filter(|subject| (1..=256).contains(&subject.len())).ok_or("jwt_subject")?;
        let EmailClaims { email, denied } = issuer.address.read(&all, Source::Token);
        let sign_in = SignedIn {
            issuer: checked.iss,
            subject_claim: issuer.subject_claim,
            subject: subject.to_owned(),
            email,
            name: name(&all),
            permissions: permissions(&all),
        };
        let address_doubted = address::is_doubted(&all);
        Ok(Accepted { sign_in, sub: checked.sub, address_denied: denied, address_doubted })
    }
}

impl Checked {
    fn check(&self, issuer: &Issuer, now: Time) -> Result<(), &'static str> {
        let now = in_seconds(now);
        if self.iss != issuer.url {
            return Err("jwt_issuer");
        }
        if self.exp <= now {
            return Err("jwt_expired");
        }
        if self.nbf.is_some_and(|not_before| not_before > now + MAX_CLOCK_SKEW) {
            return Err("jwt_not_yet_valid");
        }
        Ok(())
    }

    fn check_audience(&self, expected: &Audience) -> Result<(), &'static str> {
        let for_us = match (&self.aud, &expected.client_id) {
            (Some(StatedAudience::One(audience)), _) => *audience == expected.name,
            (Some(StatedAudience::Several(audiences)), _) => audiences.contains(&expected.name),
            (None, Some(expected)) => self.client_id.as_ref() == Some(expected),
            (None, None) => false,
        };
        if for_us { Ok(()) } else { Err("jwt_audience") }
    }

    /// Checks an ID token as OpenID Connect Core, section 3.1.3.7, demands.
    fn check_client(
        &self,
        all: &Map<String, Value>,
        client_id: &str,
        nonce: &str,
        now: Time,
    ) -> Result<(), &'static str> {
        let of_id_token = OfIdToken::deserialize(all).map_err(|_| "jwt_claims")?;
        let authorized_party = of_id_token.azp.as_deref();
        let for_us = match &self.aud {
            Some(StatedAudience::One(audience)) => audience == client_id,
            Some(StatedAudience::Several(audiences)) => {
                audiences.iter().any(|audience| audience == client_id)
                    && (audiences.len() == 1 || authorized_party.is_some())
            }
            None => false,
        };
        if !for_us || authorized_party.is_some_and(|party| party != client_id) {
            return Err("jwt_audience");
        }
        if of_id_token.iat > in_seconds(now) + MAX_CLOCK_SKEW {
            return Err("jwt_not_yet_valid");
        }
        if of_id_token.nonce == nonce { Ok(()) } else { Err("jwt_nonce") }
    }
}

#[expect(clippy::cast_precision_loss, reason = "seconds until the year 9999 are exact in 53 bits")]
const fn in_seconds(now: Time) -> f64 {
    now.seconds() as f64
}

fn text<'a>(claims: &'a Map<String, Value>, claim: &str) -> Option<&'a str> {
    claims.get(claim).and_then(Value::as_str)
}

/// Returns the person's name, if claims state one.
pub(crate) fn name(claims: &Map<String, Value>) -> Option<Name> {
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
pub(crate) mod tests;
