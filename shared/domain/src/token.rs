//! The key format: a scanner finds it, its checksum catches typing errors, and its public half may be logged.
//!
//! ```text
//! ak_7HcX2mPq9LwZtR4bK1nV_3fQz…43 base62 characters…0aB1cD
//! prefix _ key id (20)    _ secret (43) + check (6)
//! ```
//!
//! Over 300 lines: half of them are tests.

use std::{fmt, str::FromStr};

use secrecy::{ExposeSecret, SecretString};

use crate::{
    base62::{Base62, encode},
    id::KeyId,
};

const SECRET: usize = 43;
const CHECK: usize = 6;

/// The prefix of all tokens of an installation: `[a-z][a-z0-9]{1,9}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPrefix(String);

impl KeyPrefix {
    /// Returns the text, without the `_` behind it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Writes the public half of a key pair, as `ak_<key id>`.
    #[must_use]
    pub fn access_key(&self, key_id: KeyId) -> String {
        format!("{}_{key_id}", self.0)
    }

    /// Tells whether `text` contains a whole token of this installation.
    #[must_use]
    pub fn is_contained_in(&self, text: &str) -> bool {
        let length = self.0.len() + 1 + 20 + 1 + SECRET + CHECK;
        // Each `_` may be the one behind the prefix, and the prefix may overlap the text before it.
        let starts = text.match_indices('_').filter_map(|(end, _)| end.checked_sub(self.0.len()));
        let mut candidates = starts.filter_map(|start| text.get(start..start + length));
        candidates.any(|candidate| Token::parse(self, candidate).is_ok())
    }

    /// Returns `text` without the prefix and the `_` behind it, if it starts with them.
    #[must_use]
    pub fn stripped_from<'t>(&self, text: &'t str) -> &'t str {
        text.strip_prefix(&self.0).and_then(|rest| rest.strip_prefix('_')).unwrap_or(text)
    }

    /// Tells whether `text` starts like a token of this installation.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        text.strip_prefix(&self.0).is_some_and(|rest| rest.starts_with('_'))
    }
}

/// The prefix broke its rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a lower-case letter and 1 to 9 lower-case letters or digits")]
pub struct BadPrefix;

impl FromStr for KeyPrefix {
    type Err = BadPrefix;

    fn from_str(text: &str) -> Result<Self, BadPrefix> {
        let rest_ok = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
        let valid = (2..=10).contains(&text.len())
            && text.as_bytes()[0].is_ascii_lowercase()
            && text.bytes().all(rest_ok);
        if valid { Ok(Self(text.to_owned())) } else { Err(BadPrefix) }
    }
}

/// A token with valid shape, prefix and checksum; its secret is not verified yet.
#[derive(Clone, Copy)]
pub struct Token<'a> {
    text: &'a str,
    key_id: KeyId,
}

/// The text is not a token of this installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an access key of this installation")]
pub struct Malformed;

impl<'a> Token<'a> {
    /// Parses a token. Allocates nothing, so that garbage is refused cheaply.
    pub fn parse(prefix: &KeyPrefix, text: &'a str) -> Result<Self, Malformed> {
        let rest = text.strip_prefix(&prefix.0).and_then(|rest| rest.strip_prefix('_')).ok_or(Malformed)?;
        let (key_id, secret) = rest.split_once('_').ok_or(Malformed)?;
        let key_id = KeyId::parse(key_id).map_err(|_| Malformed)?;
        Base62::<{ SECRET + CHECK }>::parse(secret).map_err(|_| Malformed)?;
        let (checked, check) = text.split_at(text.len() - CHECK);
        if encode::<CHECK>(crc32fast::hash(checked.as_bytes())).as_str() == check {
            Ok(Self { text, key_id })
        } else {
            Err(Malformed)
        }
    }

    /// Returns the public half.
    #[must_use]
    pub const fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// Returns the token of this key and secret under another prefix, which has other check digits.
    #[must_use]
    pub fn with_prefix(&self, prefix: &KeyPrefix) -> SecretToken {
        let secret = self.text.len() - CHECK - SECRET..self.text.len() - CHECK;
        let secret = Base62::parse(&self.text[secret]).expect("a part of base62 text is base62");
        SecretToken::with_secret(prefix, self.key_id, secret)
    }

    /// Copies the token, for work that outlives the request.
    #[must_use]
    pub fn to_secret(&self) -> SecretToken {
        SecretToken { text: self.text.to_owned().into(), key_id: self.key_id }
    }

    /// Returns the whole text, the secret included: for hashing only.
    #[must_use]
    pub const fn expose(&self) -> &'a str {
        self.text
    }
}

impl fmt::Debug for Token<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Token({}, [redacted])", self.key_id)
    }
}

/// A token that owns its text: to be shown once, or while argon2 runs.
pub struct SecretToken {
    text: SecretString,
    key_id: KeyId,
}

impl SecretToken {
    /// Draws a new secret of 256 bits for `key_id`.
    #[must_use]
    pub fn generate(prefix: &KeyPrefix, key_id: KeyId) -> Self {
        Self::with_secret(prefix, key_id, Base62::random())
    }

    fn with_secret(prefix: &KeyPrefix, key_id: KeyId, secret: Base62<SECRET>) -> Self {
        let checked = format!("{}_{secret}", prefix.access_key(key_id));
        let check = encode::<CHECK>(crc32fast::hash(checked.as_bytes()));
        Self { text: format!("{checked}{check}").into(), key_id }
    }

    /// Lends the token for hashing.
    #[must_use]
    pub fn token(&self) -> Token<'_> {
        Token { text: self.text.expose_secret(), key_id: self.key_id }
    }

    /// Returns the whole text: for the one answer that shows it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    /// Returns the public half of the pair, as `ak_<key id>`.
    #[must_use]
    pub fn access_key(&self) -> &str {
        &self.expose()[..self.expose().len() - SECRET - CHECK - 1]
    }

    /// Returns the 49 characters after the second `_`: for the one answer that shows them.
    #[must_use]
    pub fn secret_key(&self) -> &str {
        &self.expose()[self.expose().len() - SECRET - CHECK..]
    }

    /// Returns the last four characters of the check, by which people recognize the key.
    #[must_use]
    pub fn last_four(&self) -> &str {
        &self.expose()[self.expose().len() - 4..]
    }
}

impl fmt::Debug for SecretToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SecretToken({}, [redacted])", self.key_id)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Vectors {
        valid: Vec<Valid>,
        malformed: Vec<String>,
    }

    #[derive(Deserialize)]
    struct Valid {
        prefix: String,
        key_id: String,
        secret: String,
        token: String,
        secret_key: String,
    }

    fn vectors() -> Vectors {
        serde_json::from_str(include_str!("token_vectors.json")).unwrap()
    }

    #[test]
    fn the_committed_vectors_hold() {
        for vector in vectors().valid {
            let prefix = vector.prefix.parse().unwrap();
            let key_id = KeyId::parse(&vector.key_id).unwrap();
            let made = SecretToken::with_secret(&prefix, key_id, Base62::parse(&vector.secret).unwrap());
            assert_eq!(made.expose(), vector.token);
            assert_eq!(made.secret_key(), vector.secret_key);
            assert_eq!(Token::parse(&prefix, &vector.token).unwrap().key_id(), key_id);
        }
    }

    #[test]
    fn malformed_vectors_are_refused() {
        let prefix = "ak".parse().unwrap();
        for text in vectors().malformed {
            assert_eq!(Token::parse(&prefix, &text).err(), Some(Malformed), "{text}");
        }
    }

    #[test]
    fn prefixes_are_short_and_lower_case() {
        for text in ["ak", "a1", "abcdefghij"] {
            assert!(text.parse::<KeyPrefix>().is_ok(), "{text}");
        }
        for text in ["", "a", "1a", "Ak", "a_b", "abcdefghijk", "é1"] {
            assert!(text.parse::<KeyPrefix>().is_err(), "{text}");
        }
    }

    #[test]
    fn nothing_secret_is_written_by_debug() {
        let made = SecretToken::generate(&"ak".parse().unwrap(), KeyId::random());
        for text in [format!("{made:?}"), format!("{:?}", made.token())] {
            assert!(!text.contains(made.secret_key()), "{text}");
        }
    }

    #[test]
    fn a_token_is_found_where_its_prefix_overlaps_what_stands_before_it() {
        for (prefix, before) in [("aa", "a"), ("aa", "aaa"), ("aba", "ab"), ("ak", "ak_"), ("ak", "_")] {
            let prefix: KeyPrefix = prefix.parse().unwrap();
            let made = SecretToken::generate(&prefix, KeyId::random());
            let text = format!("{before}{}", made.expose());
            assert!(prefix.is_contained_in(&text), "{before} before {prefix:?}");
            assert!(!prefix.is_contained_in(&text[..text.len() - 1]), "a part is no token");
        }
    }

    /// Tells whether `text` is a token, in the words of the format.
    fn is_token(text: &str) -> bool {
        let [prefix, key_id, secret] = text.split('_').collect::<Vec<_>>()[..] else { return false };
        let base62 =
            |text: &str, length| text.len() == length && text.bytes().all(|c| c.is_ascii_alphanumeric());
        prefix == "ak" && base62(key_id, 20) && base62(secret, 49) && {
            let (checked, check) = text.split_at(text.len() - 6);
            check == check_of(checked)
        }
    }

    /// Returns the CRC-32 (IEEE) of a text in base62, bit by bit.
    fn check_of(text: &str) -> String {
        let bit = |crc: u32, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        let mut rest = !text.bytes().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(byte), bit));
        let mut digits = [b'0'; 6];
        for digit in digits.iter_mut().rev() {
            let alphabet = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
            *digit = alphabet[rest as usize % 62];
            rest /= 62;
        }
        digits.map(char::from).iter().collect()
    }

    #[test]
    fn fuzzed_tokens_are_those_of_the_format_and_are_found_in_every_text_around_them() {
        let prefix: KeyPrefix = "ak".parse().unwrap();
        fuzz::texts("token").with_check_digits().play(|text| {
            let windows = text.char_indices().filter_map(|(start, _)| text.get(start..start + 73));
            assert_eq!(prefix.is_contained_in(text), windows.filter(|window| is_token(window)).count() > 0);
            let token = Token::parse(&prefix, text);
            assert_eq!(token.is_ok(), is_token(text));
            token.is_ok_and(|token| {
                assert_eq!((token.expose(), &text[3..23]), (text, token.key_id().to_string().as_str()));
                true
            })
        });
    }

    proptest! {
        #[test]
        fn a_token_is_found_whatever_stands_around_it(
            prefix in "[ab]{2,4}", before in "[ab_é]{0,12}", after in "[ab_é]{0,12}",
        ) {
            let prefix: KeyPrefix = prefix.parse().unwrap();
            let made = SecretToken::generate(&prefix, KeyId::random());
            let text = format!("{before}{}{after}", made.expose());
            prop_assert!(prefix.is_contained_in(&text), "{}", text);
        }

        #[test]
        fn no_token_is_found_in_any_other_text(text in "[ak_é0]{0,200}") {
            prop_assert!(!"ak".parse::<KeyPrefix>().unwrap().is_contained_in(&text));
        }

        #[test]
        fn parsing_undoes_rendering(prefix in "[a-z][a-z0-9]{1,9}") {
            let prefix: KeyPrefix = prefix.parse().unwrap();
            let key_id = KeyId::random();
            let made = SecretToken::generate(&prefix, key_id);
            prop_assert_eq!(Token::parse(&prefix, made.expose()).unwrap().key_id(), key_id);
            let other = made.token().with_prefix(&"other".parse().unwrap());
            let again = other.token().with_prefix(&prefix);
            prop_assert_eq!(again.expose(), made.expose());
            prop_assert_eq!(format!("{}_{}", made.access_key(), made.secret_key()), made.expose());
        }

        #[test]
        fn one_changed_character_is_noticed(position in 0_usize..73, character in "[0-9A-Za-z_]") {
            let prefix = "ak".parse().unwrap();
            let made = SecretToken::generate(&prefix, KeyId::random());
            let mut text = made.expose().to_owned();
            text.replace_range(position..=position, &character);
            prop_assert!(text == made.expose() || Token::parse(&prefix, &text).is_err());
        }

        #[test]
        fn any_text_is_refused_without_a_panic(text in "\\PC*") {
            prop_assert!(Token::parse(&"ak".parse().unwrap(), &text).is_err());
        }
    }
}
