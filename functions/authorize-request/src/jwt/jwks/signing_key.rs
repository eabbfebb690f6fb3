//! The key of a set that checks a token's signature.

use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{Jwk, JwkSet, KeyAlgorithm, PublicKeyUse},
};

/// Finds a signing key by its name, or the only one where the token names none.
pub(super) fn find(keys: &JwkSet, name: Option<&str>, algorithm: Algorithm) -> Option<DecodingKey> {
    let usable = |key: &&Jwk| {
        let for_signatures =
            key.common.public_key_use.as_ref().is_none_or(|usage| *usage == PublicKeyUse::Signature);
        let for_algorithm = key.common.key_algorithm.is_none_or(|stated| same(stated, algorithm));
        for_signatures && for_algorithm
    };
    let mut candidates =
        keys.keys.iter().filter(usable).filter(|key| name.is_none() || key.common.key_id.as_deref() == name);
    let key = candidates.next()?;
    let only = candidates.next().is_none();
    let key = DecodingKey::from_jwk(key).ok()?;
    (only && key.family() == algorithm.family()).then_some(key)
}

fn same(stated: KeyAlgorithm, algorithm: Algorithm) -> bool {
    stated.to_string() == format!("{algorithm:?}")
}
