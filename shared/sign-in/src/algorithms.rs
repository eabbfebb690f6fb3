//! The algorithms of acceptable signatures (`OIDC_ALGORITHMS`).

use std::str::FromStr;

use jsonwebtoken::Algorithm;

/// Signatures with public keys alone: a shared secret, or none, is never acceptable.
pub(crate) struct Algorithms(pub(crate) Vec<Algorithm>);

impl Default for Algorithms {
    fn default() -> Self {
        Self(vec![Algorithm::RS256, Algorithm::ES256])
    }
}

impl FromStr for Algorithms {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let allowed = |name: &str| match name.trim() {
            "RS256" => Ok(Algorithm::RS256),
            "RS384" => Ok(Algorithm::RS384),
            "RS512" => Ok(Algorithm::RS512),
            "PS256" => Ok(Algorithm::PS256),
            "PS384" => Ok(Algorithm::PS384),
            "PS512" => Ok(Algorithm::PS512),
            "ES256" => Ok(Algorithm::ES256),
            "ES384" => Ok(Algorithm::ES384),
            "EdDSA" => Ok(Algorithm::EdDSA),
            other => Err(format!("{other:?} must be RS256–RS512, PS256–PS512, ES256, ES384 or EdDSA")),
        };
        text.split(',').map(allowed).collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_secrets_and_none_are_no_algorithms() {
        assert_eq!("RS256, EdDSA".parse::<Algorithms>().unwrap().0, [Algorithm::RS256, Algorithm::EdDSA]);
        for text in ["", "HS256", "none", "RS256,none", "rs256"] {
            assert!(text.parse::<Algorithms>().is_err(), "{text}");
        }
    }
}
