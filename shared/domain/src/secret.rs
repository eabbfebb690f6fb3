//! Stored secrets: an argon2id hash under a pepper, and a short keyed tag that is checked first.
//!
//! The tag refuses a wrong secret in microseconds, so that argon2 never runs for an attacker. It
//! is keyed and short: without the pepper it confirms nothing, and it is not the secret's hash.
//!
//! Over 300 lines: a third of it are its tests.

mod memory;

use std::{collections::BTreeMap, fmt};

use argon2::{
    Algorithm, Argon2, KeyId as PepperLabel, Params, ParamsBuilder, Version,
    password_hash::phc::{Output, PasswordHash, Salt},
};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::{hex, token::Token};
use memory::Memory;

/// Memory for one argon2 run, KiB. With [`PASSES`], the cheapest of the settings that OWASP calls
/// equal, as measured: 19 MiB and 2 passes take 1.6 times as long.
const MEMORY_KIB: u32 = 7 * 1024;
const PASSES: u32 = 5;

/// The peppers by version. A version is never removed, because stored secrets name it.
pub struct Peppers {
    current: String,
    values: BTreeMap<String, SecretString>,
    memory: Memory,
}

/// The stored pepper document is unusable. Its parts may be secrets at wrong places, so no error holds one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPeppers {
    /// Not a JSON object of strings.
    #[error("the pepper must be a JSON object of strings")]
    NotAnObject,
    /// `current` is missing or names no value.
    #[error("`current` must name one of the pepper's versions")]
    NoCurrent,
    /// A version or value breaks its rule.
    #[error(
        "each version of the pepper must have 1 to 8 letters or digits and a value of 32 characters or more"
    )]
    BadVersion,
}

/// A stored secret cannot be checked: a failure of the service, never a refusal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unverifiable {
    /// It was hashed under an unknown version of the pepper.
    #[error("the pepper has no version {0:?}, under which a stored secret was hashed")]
    UnknownVersion(String),
    /// Its hash cannot be read.
    #[error("the hash of a stored secret cannot be read")]
    Damaged,
}

impl Peppers {
    /// Reads the document of Secrets Manager: `{"current": "1", "1": "…"}`.
    pub fn parse(document: &str) -> Result<Self, BadPeppers> {
        let mut values: BTreeMap<String, SecretString> =
            serde_json::from_str::<BTreeMap<String, String>>(document)
                .map_err(|_| BadPeppers::NotAnObject)?
                .into_iter()
                .map(|(version, value)| (version, SecretString::from(value)))
                .collect();
        let current = values.remove("current").ok_or(BadPeppers::NoCurrent)?.expose_secret().to_owned();
        for (version, value) in &values {
            let named =
                (1..=8).contains(&version.len()) && version.bytes().all(|c| c.is_ascii_alphanumeric());
            if !named || value.expose_secret().len() < 32 {
                return Err(BadPeppers::BadVersion);
            }
        }
        if !values.contains_key(&current) {
            return Err(BadPeppers::NoCurrent);
        }
        Ok(Self { current, values, memory: Memory::default() })
    }

    /// Tells whether a secret stored under `version` can be checked.
    #[must_use]
    pub fn knows(&self, version: &str) -> bool {
        self.values.contains_key(version)
    }

    /// Hashes the secret of a token under the current pepper. Takes tens of milliseconds.
    #[must_use]
    pub fn hash_secret(&self, token: Token<'_>) -> StoredSecret {
        let pepper = self.values[&self.current].expose_secret().as_bytes();
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).expect("the operating system provides random bytes");
        let params = ParamsBuilder::new()
            .m_cost(MEMORY_KIB)
            .t_cost(PASSES)
            .keyid(PepperLabel::new(self.current.as_bytes()).expect("a version has at most 8 bytes"))
            .build()
            .expect("the constants are within argon2's bounds");
        let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
        let argon2 = argon2(pepper, params);
        self.memory
            .hash(&argon2, token.expose().as_bytes(), &salt, &mut output)
            .expect("a token and a salt of 16 bytes are within argon2's bounds");
        let hash = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: argon2.params().try_into().expect("argon2's parameters can be written"),
            salt: Some(Salt::new(&salt).expect("16 bytes are a salt")),
            hash: Some(Output::new(&output).expect("32 bytes are a hash")),
        };
        StoredSecret { hash: hash.to_string(), tag: tag(pepper, token), pepper: self.current.clone() }
    }

    /// Compares the tag in constant time.
    pub fn tag_matches(&self, stored: &StoredSecret, token: Token<'_>) -> Result<bool, Unverifiable> {
        let tag = tag(self.pepper_of(stored)?, token);
        Ok(bool::from(tag.as_bytes().ct_eq(stored.tag.as_bytes())))
    }

    /// Compares the tag of a retired secret in constant time. A tag under an unknown pepper does not match:
    /// the secret is refused in any case.
    #[must_use]
    pub fn retired_tag_matches(&self, retired: &RetiredSecret, token: Token<'_>) -> bool {
        self.values.get(&retired.pepper).is_some_and(|pepper| {
            let tag = tag(pepper.expose_secret().as_bytes(), token);
            bool::from(tag.as_bytes().ct_eq(retired.tag.as_bytes()))
        })
    }

    /// Runs argon2, one run at a time. Takes tens of milliseconds.
    pub fn hash_matches(&self, stored: &StoredSecret, token: Token<'_>) -> Result<bool, Unverifiable> {
        let pepper = self.pepper_of(stored)?;
        let hash = PasswordHash::new(&stored.hash).map_err(|_| Unverifiable::Damaged)?;
        Ok(self.memory.verify(pepper, token.expose().as_bytes(), &hash))
    }

    fn pepper_of(&self, stored: &StoredSecret) -> Result<&[u8], Unverifiable> {
        let pepper = self.values.get(&stored.pepper);
        let unknown = || Unverifiable::UnknownVersion(stored.pepper.clone());
        pepper.map(|pepper| pepper.expose_secret().as_bytes()).ok_or_else(unknown)
    }
}

fn argon2(pepper: &[u8], params: Params) -> Argon2<'_> {
    Argon2::new_with_secret(pepper, Algorithm::Argon2id, Version::V0x13, params)
        .expect("a pepper is far below 4 GiB")
}

fn tag(pepper: &[u8], token: Token<'_>) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(pepper).expect("HMAC takes a key of any length");
    mac.update(b"tag");
    mac.update(token.expose().as_bytes());
    let full: [u8; 32] = mac.finalize().into_bytes().into();
    hex::encode(&full[..8])
}

impl fmt::Debug for Peppers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Peppers(current {}, [redacted])", self.current)
    }
}

/// The stored form of a secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredSecret {
    hash: String,
    tag: String,
    pepper: String,
}

impl StoredSecret {
    /// Returns the version of the pepper under which the secret was hashed.
    #[must_use]
    pub fn pepper_version(&self) -> &str {
        &self.pepper
    }

    /// Returns the verifier's bytes, to check that a cached success is still valid.
    #[must_use]
    pub fn verifier(&self) -> &[u8] {
        self.hash.as_bytes()
    }
}

impl StoredSecret {
    /// Returns the stored form of the secret after its retirement.
    #[must_use]
    pub fn to_retired(&self) -> RetiredSecret {
        RetiredSecret { tag: self.tag.clone(), pepper: self.pepper.clone() }
    }
}

/// The stored form of a retired secret: enough to notice its use, never enough to accept it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetiredSecret {
    tag: String,
    pepper: String,
}

impl fmt::Debug for RetiredSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RetiredSecret([redacted])")
    }
}

impl fmt::Debug for StoredSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("StoredSecret([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{id::KeyId, token::SecretToken};

    fn peppers(document: &str) -> Peppers {
        Peppers::parse(document).unwrap()
    }

    fn new_token() -> SecretToken {
        SecretToken::generate(&"ak".parse().unwrap(), KeyId::random())
    }

    const ONE: &str = r#"{"current": "1", "1": "0123456789abcdef0123456789abcdef"}"#;
    const TWO: &str = r#"{"current": "2", "1": "0123456789abcdef0123456789abcdef", "2": "fedcba9876543210fedcba9876543210"}"#;

    #[test]
    fn what_another_implementation_of_argon2_and_hmac_stored_is_verified() {
        let text = "ak_7HcX2mPq9LwZtR4bK1nV_00000000000000000000000000000000000000000004MWDTL";
        let token = Token::parse(&"ak".parse().unwrap(), text).unwrap();
        // By argon2-cffi 25 and Python's hmac: argon2id with the pepper as its secret, the salt "0123456789abcdef" and
        // the version as keyid; the first 8 bytes of HMAC-SHA-256 over "tag" and the token.
        let hash = concat!(
            "$argon2id$v=19$m=7168,t=5,p=1,keyid=MQ$",
            "MDEyMzQ1Njc4OWFiY2RlZg$QyGEP3X1LKrz2hbLtMOIADp6/p2vKiDkGj+jXjpDRSs",
        );
        let stored = serde_json::json!({"hash": hash, "tag": "081c751b1acc8935", "pepper": "1"});
        let stored: StoredSecret = serde_json::from_value(stored).unwrap();
        assert_eq!(peppers(ONE).tag_matches(&stored, token), Ok(true));
        assert_eq!(peppers(ONE).hash_matches(&stored, token), Ok(true));
        assert!(peppers(ONE).retired_tag_matches(&stored.to_retired(), token));
        let (of_code, other) = (peppers(ONE).hash_secret(token), new_token());
        let parameters = |hash: &str| hash.rsplitn(3, '$').last().map(str::to_owned);
        assert_eq!(parameters(&of_code.hash), parameters(hash));
        assert_eq!(peppers(ONE).hash_matches(&stored, other.token()), Ok(false));
    }

    #[test]
    fn a_pepper_knows_its_own_versions_alone() {
        assert!(peppers(TWO).knows("1") && peppers(TWO).knows("2") && !peppers(ONE).knows("2"));
    }

    #[test]
    fn no_part_of_a_malformed_pepper_is_in_its_error() {
        let value = "fedcba9876543210fedcba9876543210";
        for document in [
            value.to_owned(),
            format!("{{\"current\": \"1\", \"{value}\": \"1\"}}"),
            format!("{{\"current\": \"1\", \"1\": \"{}\"}}", &value[1..]),
            format!("{{\"current\": \"{value}\", \"1\": \"{value}\"}}"),
            format!("{{\"current\": \"1\", \"1\": [\"{value}\"]}}"),
        ] {
            let error = Peppers::parse(&document).map(|_| ()).unwrap_err();
            let shown = format!("{error} {error:?}");
            let parts = (0..value.len() - 6).map(|start| &value[start..start + 6]);
            assert!(parts.into_iter().all(|part| !shown.contains(part)), "{shown}");
        }
    }

    #[test]
    fn a_sealed_token_matches_itself_alone() {
        let (peppers, token, other) = (peppers(ONE), new_token(), new_token());
        let stored = peppers.hash_secret(token.token());
        assert_eq!(peppers.tag_matches(&stored, token.token()), Ok(true));
        assert_eq!(peppers.hash_matches(&stored, token.token()), Ok(true));
        assert_eq!(peppers.tag_matches(&stored, other.token()), Ok(false));
        assert_eq!(peppers.hash_matches(&stored, other.token()), Ok(false));
    }

    #[test]
    fn the_hash_is_argon2id_and_names_its_pepper() {
        let stored = peppers(ONE).hash_secret(new_token().token());
        assert!(stored.hash.starts_with("$argon2id$v=19$m=7168,t=5,p=1,keyid=MQ$"), "{}", stored.hash);
    }

    #[test]
    fn a_grown_pepper_still_checks_older_secrets() {
        let token = new_token();
        let stored = peppers(ONE).hash_secret(token.token());
        assert_eq!(peppers(TWO).hash_matches(&stored, token.token()), Ok(true));
        let newer = peppers(TWO).hash_secret(token.token());
        assert_eq!(newer.pepper_version(), "2");
        let unknown = Err(Unverifiable::UnknownVersion("2".to_owned()));
        assert_eq!(peppers(ONE).tag_matches(&newer, token.token()), unknown);
        assert_eq!(peppers(ONE).hash_matches(&newer, token.token()), unknown);
    }

    #[test]
    fn a_retired_secret_is_recognized_while_its_pepper_is_here() {
        let (token, other) = (new_token(), new_token());
        let retired = peppers(TWO).hash_secret(token.token()).to_retired();
        assert!(peppers(TWO).retired_tag_matches(&retired, token.token()));
        assert!(!peppers(TWO).retired_tag_matches(&retired, other.token()));
        assert!(!peppers(ONE).retired_tag_matches(&retired, token.token()));
    }

    #[test]
    fn a_damaged_hash_is_no_refusal() {
        let (peppers, token) = (peppers(ONE), new_token());
        let stored = StoredSecret { hash: "$argon2id$".to_owned(), ..peppers.hash_secret(token.token()) };
        assert_eq!(peppers.hash_matches(&stored, token.token()), Err(Unverifiable::Damaged));
    }

    #[test]
    fn unusable_documents_are_refused() {
        for document in [
            "",
            "[]",
            r#"{"current": 1}"#,
            r#"{"1": "0123456789abcdef0123456789abcdef"}"#,
            r#"{"current": "2", "1": "0123456789abcdef0123456789abcdef"}"#,
            r#"{"current": "1", "1": "short"}"#,
        ] {
            assert!(Peppers::parse(document).is_err(), "{document}");
        }
    }

    #[test]
    fn a_version_has_1_to_8_characters() {
        for (length, is_taken) in [(0, false), (1, true), (8, true), (9, false)] {
            let document = ONE.replace("\"1\"", &format!("{:?}", "1".repeat(length)));
            assert_eq!(Peppers::parse(&document).is_ok(), is_taken, "{document}");
        }
    }

    #[test]
    fn nothing_secret_is_written_by_debug() {
        let stored = peppers(ONE).hash_secret(new_token().token());
        for text in
            [format!("{stored:?}"), format!("{:?}", stored.to_retired()), format!("{:?}", peppers(ONE))]
        {
            assert!(
                !text.contains("argon2") && !text.contains(&stored.tag) && !text.contains("01234"),
                "{text}"
            );
        }
    }
}
