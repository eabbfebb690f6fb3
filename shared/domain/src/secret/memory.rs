//! Memory for argon2, kept between runs.

use std::sync::{Mutex, PoisonError};

use argon2::{Algorithm, Argon2, Block, Params, Version, password_hash::phc::PasswordHash};
use subtle::ConstantTimeEq;

/// The memory of one argon2 run at a time, kept from run to run.
///
/// Allocating the megabytes anew for each run costs a page fault for each page and fragments the heap: an
/// instance grew to seven times its need. The memory is not wiped between runs: its content leads back to
/// no secret, and wiping would cost a tenth of a run.
#[derive(Default)]
pub(super) struct Memory(Mutex<Vec<Block>>);

impl Memory {
    /// Fills `hash`.
    pub(super) fn hash(
        &self,
        argon2: &Argon2<'_>,
        password: &[u8],
        salt: &[u8],
        hash: &mut [u8],
    ) -> argon2::Result<()> {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        memory.resize(argon2.params().block_count(), Block::new());
        argon2.hash_password_into_with_memory(password, salt, hash, memory.as_mut_slice())
    }

    /// Tells, in constant time, whether a password has this hash; `false` for a hash that is not argon2's.
    pub(super) fn verify(&self, pepper: &[u8], password: &[u8], hash: &PasswordHash) -> bool {
        let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else { return false };
        let version = hash.version.map_or(Ok(Version::default()), Version::try_from);
        let (Ok(algorithm), Ok(version), Ok(params)) =
            (Algorithm::try_from(hash.algorithm.as_str()), version, Params::try_from(hash))
        else {
            return false;
        };
        let Ok(argon2) = Argon2::new_with_secret(pepper, algorithm, version, params) else { return false };
        let mut found = vec![0; expected.as_bytes().len()];
        self.hash(&argon2, password, salt, &mut found).is_ok() && bool::from(found.ct_eq(expected.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::PasswordHasher;

    use super::*;

    fn hash(password: &[u8], kibibytes: u32) -> PasswordHash {
        let params = Params::new(kibibytes, 1, 1, None).unwrap();
        let argon2 = Argon2::new_with_secret(b"pepper", Algorithm::Argon2id, Version::V0x13, params).unwrap();
        argon2.hash_password_with_salt(password, &[7; 16]).unwrap()
    }

    #[test]
    fn what_a_run_leaves_does_not_change_the_next() {
        let (small, large) = (hash(b"a", 8), hash(b"b", 64));
        let memory = Memory::default();
        for _ in 0..2 {
            assert!(memory.verify(b"pepper", b"a", &small));
            assert!(!memory.verify(b"pepper", b"b", &small));
            assert!(memory.verify(b"pepper", b"b", &large));
            assert!(!memory.verify(b"other pepper", b"b", &large));
        }
    }
}
