use std::{
    fmt,
    num::NonZeroUsize,
    sync::{Mutex, PoisonError},
};

use domain::{secret::StoredSecret, token::Token};
use hmac::{Hmac, KeyInit, Mac};
use lru::LruCache;
use sha2::Sha256;

/// Tokens remembered at most: a quarter of a mebibyte.
const CAPACITY: NonZeroUsize = NonZeroUsize::new(1_024).expect("not zero");

type Name = [u8; 32];

/// Remembers which secrets were right, so that argon2 runs once for each on a warm instance.
///
/// Neither a token nor anything that outlives the process is kept: names are keyed hashes under a
/// key drawn at the start, over the whole token.
pub(super) struct Warm {
    key: Name,
    right: Mutex<LruCache<Name, Vec<u8>>>,
}

impl Default for Warm {
    fn default() -> Self {
        let mut key = Name::default();
        getrandom::fill(&mut key).expect("the operating system provides random bytes");
        Self { key, right: Mutex::new(LruCache::new(CAPACITY)) }
    }
}

impl Warm {
    /// Tells whether the token was right for exactly this verifier.
    pub(super) fn knows(&self, token: Token<'_>, stored: &StoredSecret) -> bool {
        let mut right = self.right.lock().unwrap_or_else(PoisonError::into_inner);
        right.get(&self.name(token)).is_some_and(|verifier| verifier == stored.verifier())
    }

    /// Remembers that the token is right for this verifier.
    pub(super) fn learn(&self, token: Token<'_>, stored: &StoredSecret) {
        let mut right = self.right.lock().unwrap_or_else(PoisonError::into_inner);
        right.put(self.name(token), stored.verifier().to_vec());
    }

    fn name(&self, token: Token<'_>) -> Name {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes a key of any length");
        mac.update(token.expose().as_bytes());
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for Warm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Warm([redacted])")
    }
}
