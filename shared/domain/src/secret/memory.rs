use std::sync::{Mutex, PoisonError};

use argon2::{Algorithm, Argon2, Block, Params, Version, password_hash::phc::PasswordHash};
use subtle::ConstantTimeEq;

/// The memory of one argon2 run at a time, kept from run to run.
///
/// Megabytes that are asked of the system for each run come with a fault for each page, and in pieces
/// that do not fit the next run: an instance grew to seven times of what it needs.
#[derive(Default)]
pub(super) struct Memory(Mutex<Vec<Block>>);

impl Memory {
    /// Tells, in constant time, whether a password has this hash; `false` for a hash that is not argon2's.
    pub(super) fn verify(&self, pepper: &[u8], password: &[u8], hash: &PasswordHash) -> bool {
        let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else { return false };
        let version = hash.version.map_or(Ok(Version::default()), Version::try_from);
        let (Ok(algorithm), Ok(version), Ok(params)) =
            (Algorithm::try_from(hash.algorithm.as_str()), version, Params::try_from(hash))
        else {
            return false;
        };
        let blocks = params.block_count();
        let Ok(argon2) = Argon2::new_with_secret(pepper, algorithm, version, params) else { return false };
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        memory.resize(blocks, Block::new());
        let mut found = vec![0; expected.as_bytes().len()];
        let run = argon2.hash_password_into_with_memory(password, salt, &mut found, memory.as_mut_slice());
        run.is_ok() && bool::from(found.ct_eq(expected.as_bytes()))
    }
}
