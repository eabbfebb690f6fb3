//! Tokens of keys, right and wrong.

use domain::{id::KeyId, token::SecretToken};
use serde_json::Value;

/// Returns the token of a key as it was answered with its secret.
pub(crate) fn token(key: &Value) -> &str {
    key["secret"]["token"].as_str().unwrap()
}

/// Makes a well-formed token of a key, with a secret that is none of its own.
pub(crate) fn with_another_secret(key: &Value) -> String {
    let key_id = KeyId::parse(key["key_id"].as_str().unwrap()).unwrap();
    SecretToken::generate(&"ak".parse().unwrap(), key_id).expose().to_owned()
}
