//! The security schemes: a key in three forms, or a sign-in.

use api::openapi::Caller;
use serde_json::{Value, json};

/// Describes each scheme.
pub(crate) fn schemes() -> Value {
    json!({
        "accessKey": {
            "type": "apiKey", "in": "header", "name": "x-access-key",
            "description": "An access key: `ak_<key id>_<secret>`.",
        },
        "accessKeyBearer": {
            "type": "http", "scheme": "bearer",
            "description": "An access key as a bearer token.",
        },
        "accessKeyPair": {
            "type": "http", "scheme": "basic",
            "description": "The pair: `ak_<key id>` as the user name, the secret key as the password. Or the whole token as the user name and no password.",
        },
        "signIn": {
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "A token of the configured OpenID Connect issuer.",
        },
    })
}

/// Returns the schemes of an operation; each alone is enough.
pub(crate) fn of(caller: Caller) -> Value {
    match caller {
        Caller::Anybody => json!([]),
        Caller::SignedIn => json!([{ "signIn": [] }]),
        Caller::Any | Caller::Member => json!([
            { "accessKey": [] }, { "accessKeyBearer": [] }, { "accessKeyPair": [] }, { "signIn": [] },
        ]),
    }
}
