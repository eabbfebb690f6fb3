//! The development OpenID provider: one key, its JWKS, a sign-in page, and tokens good and bad.

mod authorize;
mod client;
mod codes;
mod page;
mod people;
mod routes;
mod switches;
mod token;
mod userinfo;

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, atomic::AtomicUsize},
};

use ring::{
    digest,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use serde_json::{Value, json};

use crate::{
    clock::Clock, data::DataDirectory, encoding, error::StackError, tasks::lock, template::AUDIENCE,
};
use codes::Codes;
use people::{People, Person};

pub(crate) use client::ConsoleClient;
pub use switches::{
    EmailVerified, IdTokenShape, Switches, TokenEndpointBehavior, TokenShape, UserinfoBehavior,
};

const FILE: &str = "issuer.pk8";
const TOKEN_SECONDS: i64 = 12 * 60 * 60;

/// Signs tokens with ES256, by the stack's shifted clock.
pub struct Issuer {
    url: String,
    clock: Clock,
    key: EcdsaKeyPair,
    unknown_key: EcdsaKeyPair,
    published: Mutex<Option<Value>>,
    switches: Mutex<Switches>,
    /// What the userinfo endpoint says of people, by their subjects.
    people: Mutex<HashMap<String, Value>>,
    userinfo_calls: AtomicUsize,
    client: ConsoleClient,
    codes: Codes,
    signed_in: People,
    token_calls: AtomicUsize,
    /// Codes, verifiers and tokens of the code flow.
    secrets: Mutex<Vec<String>>,
}

impl fmt::Debug for Issuer {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.debug_struct("Issuer").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Issuer {
    /// Opens the issuer with the key of the data directory. The first start makes the key.
    pub(crate) fn open(
        data: &DataDirectory,
        url: String,
        client: ConsoleClient,
        clock: Clock,
    ) -> Result<Self, StackError> {
        let document = if let Some(document) = data.read(FILE)? {
            document
        } else {
            let document = new_key();
            data.write(FILE, &document)?;
            document
        };
        let key = key_pair(&document).ok_or_else(|| data.damaged(FILE))?;
        let unknown_key = key_pair(&new_key()).expect("a key that was just made is a key");
        Ok(Self {
            url,
            clock,
            key,
            unknown_key,
            published: Mutex::default(),
            switches: Mutex::default(),
            people: Mutex::default(),
            userinfo_calls: AtomicUsize::default(),
            client,
            codes: Codes::default(),
            signed_in: People::default(),
            token_calls: AtomicUsize::default(),
            secrets: Mutex::default(),
        })
    }

    /// Returns the issuer's URL: the `iss` of its tokens.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the id of the key that the JWKS names.
    #[must_use]
    pub fn key_id(&self) -> String {
        key_id(&self.key)
    }

    /// Does from now on what the switches say.
    pub fn switch(&self, switches: Switches) {
        *lock(&self.switches) = switches;
    }

    fn switches(&self) -> Switches {
        *lock(&self.switches)
    }

    /// Returns the claims of a sign-in now, valid for 12 hours. The caller may change them before signing. The
    /// userinfo endpoint knows the person from now on.
    #[must_use]
    pub fn claims(&self, subject: &str, email: &str, name: &str) -> Value {
        let person = Person { name: name.to_owned(), email: Some(email.to_owned()), email_verified: true };
        self.access_claims(&person, subject, AUDIENCE)
    }

    /// Returns the claims of the access token that the console gets for a person.
    fn claims_of_client(&self, person: &Person) -> Value {
        let mut claims = self.access_claims(person, &person.name, self.client.id());
        if claims["azp"].is_null() {
            claims["azp"] = json!(self.client.id());
        }
        claims
    }

    /// Returns the claims of an access token of this API, for an application that knows the person by `sub`.
    fn access_claims(&self, person: &Person, subject: &str, application: &str) -> Value {
        let (now, switches) = (self.clock.now().as_second(), self.switches());
        let mut userinfo = json!({ "sub": switches.subject(subject, application) });
        self.describe(person, &mut userinfo);
        self.remember(&userinfo);
        let mut claims = json!({
            "iss": self.url, "sub": userinfo["sub"], "aud": AUDIENCE,
            "iat": now, "nbf": now, "exp": now + TOKEN_SECONDS,
        });
        self.describe(person, &mut claims);
        switches.shape(&mut claims, subject, &self.userinfo_endpoint());
        claims
    }

    /// Writes what is said of a person.
    fn describe(&self, person: &Person, claims: &mut Value) {
        claims["name"] = json!(person.name);
        let Some(email) = &person.email else { return };
        claims["email"] = json!(email);
        self.switches().say_verified(claims);
        if !person.email_verified {
            claims["email_verified"] = json!(false);
        }
    }

    /// Lists the codes, verifiers and tokens of the code flow so far. None of them may stand in a log.
    #[must_use]
    pub fn secrets(&self) -> Vec<String> {
        lock(&self.secrets).clone()
    }

    fn note_secret(&self, secret: &str) {
        if !secret.is_empty() {
            lock(&self.secrets).push(secret.to_owned());
        }
    }

    /// Returns a token for a person, as `GET /_local/sign-in` does.
    #[must_use]
    pub fn token(&self, subject: &str, email: &str, name: &str) -> String {
        self.sign(&self.header(), &self.claims(subject, email, name))
    }

    /// Returns the header of a good token.
    #[must_use]
    pub fn header(&self) -> Value {
        json!({ "alg": "ES256", "typ": "JWT", "kid": self.key_id() })
    }

    /// Signs any header and claims with the issuer's key, whatever the header says.
    #[must_use]
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        sign(&self.key, header, claims)
    }

    /// Signs with a key that the JWKS does not hold.
    #[must_use]
    pub fn sign_with_unknown_key(&self, header: &Value, claims: &Value) -> String {
        sign(&self.unknown_key, header, claims)
    }

    /// Returns the id of the key that the JWKS does not hold.
    #[must_use]
    pub fn unknown_key_id(&self) -> String {
        key_id(&self.unknown_key)
    }

    /// Publishes another document than the issuer's JWKS from now on, for tests of odd ones.
    pub fn publish(&self, jwks: Value) {
        *lock(&self.published) = Some(jwks);
    }

    /// Returns the published JWKS.
    #[must_use]
    pub fn jwks(&self) -> Value {
        lock(&self.published).clone().unwrap_or_else(|| self.own_jwks())
    }

    fn own_jwks(&self) -> Value {
        let (_, point) = self.key.public_key().as_ref().split_at(1);
        let (x, y) = point.split_at(32);
        json!({ "keys": [{
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.key_id(),
            "x": encoding::encode_url(x), "y": encoding::encode_url(y),
        }] })
    }
}

fn new_key() -> Vec<u8> {
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
    document.expect("the operating system has a random source").as_ref().to_vec()
}

fn key_pair(document: &[u8]) -> Option<EcdsaKeyPair> {
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document, &SystemRandom::new()).ok()
}

fn key_id(key: &EcdsaKeyPair) -> String {
    let digest = digest::digest(&digest::SHA256, key.public_key().as_ref());
    encoding::encode_url(&digest.as_ref()[..12])
}

fn sign(key: &EcdsaKeyPair, header: &Value, claims: &Value) -> String {
    let part = |value: &Value| encoding::encode_url(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let signature = key.sign(&SystemRandom::new(), signed.as_bytes());
    let signature = signature.expect("the operating system has a random source");
    format!("{signed}.{}", encoding::encode_url(signature))
}

#[cfg(test)]
mod tests {
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    use super::*;

    #[test]
    fn tokens_verify_with_the_key_of_the_jwks_alone() {
        let issuer = Issuer::open(
            &DataDirectory::none(),
            "http://localhost/oidc".to_owned(),
            ConsoleClient::new("console", 1),
            Clock::default(),
        )
        .unwrap();
        let verifies = |token: &str| {
            let (signed, signature) = token.rsplit_once('.').unwrap();
            let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, issuer.key.public_key().as_ref());
            let padded = format!("{}==", signature.replace('-', "+").replace('_', "/"));
            key.verify(signed.as_bytes(), &encoding::decode(padded).unwrap()).is_ok()
        };
        assert!(verifies(&issuer.token("alice", "alice@example.com", "Alice")));
        let claims = issuer.claims("alice", "alice@example.com", "Alice");
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 43_200);
        assert!(!verifies(&issuer.sign_with_unknown_key(&issuer.header(), &claims)));
        assert_eq!(issuer.jwks()["keys"][0]["kid"], issuer.key_id());
    }
}
