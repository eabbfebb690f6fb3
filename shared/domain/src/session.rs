//! Sessions of the console: a person's sign-in, known to the browser by an id that is stored as its hash alone.

use sha2::{Digest as _, Sha256};

use crate::{
    Time,
    base62::{Base62, NotBase62},
    hex,
    sign_in::SignedIn,
};

/// The length of a hash in hexadecimal.
const HASH_LENGTH: usize = 64;

/// The id of a session: 256 bits, as 43 characters of base62. Whoever has it is signed in, so it has no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionId(Base62<43>);

impl SessionId {
    /// Draws an id from the operating system's random source.
    #[must_use]
    pub fn random() -> Self {
        Self(Base62::random())
    }

    /// Reads an id of 43 base62 characters.
    pub fn parse(text: &str) -> Result<Self, NotBase62> {
        Base62::parse(text).map(Self)
    }

    /// Returns the text, which only the browser may have.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.as_str()
    }

    /// Returns the hash by which the session is stored.
    #[must_use]
    pub fn hash(&self) -> SessionHash {
        SessionHash(hex::encode(&Sha256::digest(self.0.as_str())))
    }
}

/// The SHA-256 of a session's id, in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionHash(String);

impl SessionHash {
    /// Reads a hash of 64 hexadecimal digits in lower case. `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (text.len() == HASH_LENGTH && text.bytes().all(is_digit)).then(|| Self(text.to_owned()))
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A person's sign-in to the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The person, as the identity provider described them at the start of the session.
    pub sign_in: SignedIn,
    /// When the session began.
    pub created_at: Time,
    /// From this second on the session has ended.
    pub expires_at: Time,
}

impl Session {
    /// Tells whether the session goes on at `now`.
    #[must_use]
    pub fn is_active(&self, now: Time) -> bool {
        self.expires_at > now
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sign_in::SubjectClaim;

    #[test]
    fn a_session_is_over_from_the_second_of_its_expiry_on() {
        let [created_at, expires_at] = [1_000, 1_001].map(Time::from_seconds);
        let sign_in = SignedIn {
            issuer: "https://id.example".to_owned(),
            subject_claim: SubjectClaim::Sub,
            subject: "ann".to_owned(),
            email: None,
            name: None,
            permissions: [].into_iter().collect(),
        };
        let session = Session { sign_in, created_at, expires_at };
        assert!(session.is_active(created_at) && !session.is_active(expires_at));
    }

    #[test]
    fn a_session_is_stored_by_the_hash_of_its_id() {
        let id = SessionId::parse("7HcX2mPq9LwZtR4bK1nV7HcX2mPq9LwZtR4bK1nV012").ok().unwrap();
        let hash = id.hash();
        assert_eq!(hash.as_str(), "2801b859b40fd0f5c88a4b2f33200e32eb67ce01b58877a5e66851f36580a7f8");
        assert_eq!(SessionHash::parse(hash.as_str()), Some(hash.clone()));
        for text in ["", &hash.as_str()[1..], &hash.as_str().to_uppercase(), &format!("{}0", hash.as_str())] {
            assert_eq!(SessionHash::parse(text), None, "{text}");
        }
        for text in [
            "",
            "a",
            "7HcX2mPq9LwZtR4bK1nV7HcX2mPq9LwZtR4bK1nV01-",
            "7HcX2mPq9LwZtR4bK1nV7HcX2mPq9LwZtR4bK1nV0123",
        ] {
            assert!(SessionId::parse(text).is_err(), "{text}");
        }
        assert_ne!(SessionId::random().expose(), SessionId::random().expose());
    }
}
