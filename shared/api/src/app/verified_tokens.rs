//! Which tokens this instance has verified with argon2.

use std::{
    fmt,
    num::NonZeroUsize,
    sync::{Mutex, PoisonError},
};

use domain::{secret::StoredSecret, token::Token};
use hmac::{Hmac, KeyInit, Mac};
use lru::LruCache;
use sha2::Sha256;

/// The most tokens to remember: about a quarter of a mebibyte.
const CAPACITY: NonZeroUsize = NonZeroUsize::new(1_024).expect("not zero");

/// A keyed hash that stands for a token.
type Name = [u8; 32];

/// Remembers verified tokens, so that argon2 runs once for each right secret on a warm instance.
///
/// It holds no token, and nothing that is of use outside this process: a name is a keyed hash over the
/// whole token, under a key that is drawn at the start.
pub(super) struct VerifiedTokens {
    key: Name,
    verifiers: Mutex<LruCache<Name, Vec<u8>>>,
}

impl Default for VerifiedTokens {
    fn default() -> Self {
        let mut key = Name::default();
        getrandom::fill(&mut key).expect("the operating system provides random bytes");
        Self { key, verifiers: Mutex::new(LruCache::new(CAPACITY)) }
    }
}

impl VerifiedTokens {
    /// Tells whether argon2 has verified the token against exactly this stored verifier.
    pub(super) fn contains(&self, token: Token<'_>, stored: &StoredSecret) -> bool {
        let mut verifiers = self.verifiers.lock().unwrap_or_else(PoisonError::into_inner);
        verifiers.get(&self.name(token)).is_some_and(|verifier| verifier == stored.verifier())
    }

    /// Remembers that argon2 has verified the token against this stored verifier.
    pub(super) fn insert(&self, token: Token<'_>, stored: &StoredSecret) {
        let mut verifiers = self.verifiers.lock().unwrap_or_else(PoisonError::into_inner);
        verifiers.put(self.name(token), stored.verifier().to_vec());
    }

    fn name(&self, token: Token<'_>) -> Name {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes a key of any length");
        mac.update(token.expose().as_bytes());
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for VerifiedTokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("VerifiedTokens([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        id::{KeyId, KeySuffix, UserId},
        secret::Peppers,
        token::SecretToken,
    };

    use super::*;

    #[test]
    fn a_token_is_verified_against_the_stored_secret_that_it_was_checked_with_alone() {
        let document = r#"{"current": "1", "1": "0123456789abcdef0123456789abcdef"}"#;
        let peppers = Peppers::parse(document).unwrap();
        let key_id = KeyId::new(UserId::random(), KeySuffix::random());
        let [one, other] = [(); 2].map(|()| SecretToken::generate(&"ak".parse().unwrap(), key_id));
        let [stored, stored_anew] = [(); 2].map(|()| peppers.hash_secret(one.token()));
        let verified = VerifiedTokens::default();
        assert!(!verified.contains(one.token(), &stored));
        verified.insert(one.token(), &stored);
        assert!(verified.contains(one.token(), &stored));
        assert!(!verified.contains(one.token(), &stored_anew));
        assert!(!verified.contains(other.token(), &stored));
        // Each process draws its own key.
        let elsewhere = VerifiedTokens::default();
        assert_ne!(elsewhere.name(one.token()), verified.name(one.token()));
    }
}
