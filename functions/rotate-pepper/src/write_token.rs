//! The token of a write, which becomes the id of the version that it makes.
//!
//! Secrets Manager has no conditional write. But it takes a token with one value alone, so a token that follows from the version
//! that was read is the condition that nobody has written after this version in the same way.

use domain::hex;
use sha2::{Digest, Sha256};

const PREFIX: &str = "rotate-pepper-";

/// Returns the token of the write that follows a version.
pub(crate) fn after(version_id: &str) -> String {
    let digest = Sha256::digest(version_id.as_bytes());
    format!("{PREFIX}{}", hex::encode(&digest[..20]))
}

/// Tells whether a run of this function made a version.
pub(crate) fn is_ours(version_id: &str) -> bool {
    version_id.starts_with(PREFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_follows_from_the_version_and_has_a_length_that_secrets_manager_takes() {
        let token = after("11111111-2222-3333-4444-555555555555");
        assert_eq!(token, after("11111111-2222-3333-4444-555555555555"));
        assert_ne!(token, after("11111111-2222-3333-4444-555555555556"));
        assert_ne!(token, after(&token));
        assert!((32..=64).contains(&token.len()) && is_ours(&token));
        assert!(!is_ours("11111111-2222-3333-4444-555555555555"));
    }
}
