//! One key of a published set.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::DecodingKey;
use serde_json::{Map, Value};

/// Bits: the shortest acceptable RSA modulus.
const MIN_RSA_BITS: usize = 2_048;

/// Bits: the longest acceptable RSA modulus.
const MAX_RSA_BITS: usize = 8_192;

/// A public key that checks signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SigningKey {
    /// The `kid`.
    pub(super) name: Option<String>,
    algorithm: Option<String>,
    key: PublicKey,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum PublicKey {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
}

impl SigningKey {
    /// Reads an entry of a set, or names the member that makes it unusable. Members that say nothing of the key or
    /// its use (certificates, say) are not read. An optional member that is `null` counts as absent.
    pub(super) fn read(entry: &Value) -> Result<Self, &'static str> {
        let members = entry.as_object().ok_or("entry")?;
        let public_key = PublicKey::read(members)?;
        let name = optional_text(members, "kid")?.map(str::to_owned);
        if optional_text(members, "use")?.is_some_and(|usage| usage != "sig") {
            return Err("use");
        }
        let operations = members.get("key_ops").filter(|operations| !operations.is_null());
        let verifies =
            |operations: &Value| operations.as_array().is_some_and(|all| all.contains(&"verify".into()));
        if operations.is_some_and(|operations| !verifies(operations)) {
            return Err("key_ops");
        }
        let algorithm = optional_text(members, "alg")?;
        if algorithm.is_some_and(|name| !public_key.algorithms().contains(&name)) {
            return Err("alg");
        }
        Ok(Self { name, algorithm: algorithm.map(str::to_owned), key: public_key })
    }

    /// Tells whether the key may check signatures of the algorithm of this name.
    pub(super) fn fits(&self, algorithm: &str) -> bool {
        // RFC 9864 gives EdDSA with this curve, the only supported one, the name `Ed25519`.
        let stated =
            self.algorithm.as_deref().map(|stated| if stated == "Ed25519" { "EdDSA" } else { stated });
        self.key.algorithms().contains(&algorithm) && stated.is_none_or(|stated| stated == algorithm)
    }

    pub(super) fn decoding_key(&self) -> DecodingKey {
        match &self.key {
            PublicKey::Rsa { modulus, exponent } => DecodingKey::from_rsa_raw_components(modulus, exponent),
            PublicKey::P256(point) | PublicKey::P384(point) => DecodingKey::from_ec_der(point),
            PublicKey::Ed25519(point) => DecodingKey::from_ed_der(point),
        }
    }
}

impl PublicKey {
    fn read(members: &Map<String, Value>) -> Result<Self, &'static str> {
        match (text(members, "kty")?, members.get("crv").and_then(Value::as_str)) {
            ("RSA", _) => {
                let modulus = number(members, "n")?;
                let exponent = number(members, "e")?;
                let bits =
                    modulus.len() * 8 - modulus.first().map_or(0, |first| first.leading_zeros() as usize);
                if !(MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bits) {
                    return Err("n");
                }
                // ring supports odd exponents from 3 to 33 bits.
                if exponent.len() > 5 || exponent.last().is_none_or(|last| last % 2 == 0) || exponent == [1] {
                    return Err("e");
                }
                Ok(Self::Rsa { modulus, exponent })
            }
            ("EC", Some("P-256")) => Ok(Self::P256(point(members, 32)?)),
            ("EC", Some("P-384")) => Ok(Self::P384(point(members, 48)?)),
            ("OKP", Some("Ed25519")) => Ok(Self::Ed25519(bytes(members, "x", 32)?)),
            ("EC" | "OKP", _) => Err("crv"),
            _ => Err("kty"),
        }
    }

    /// The names of the algorithms for which the key can be used, as `alg` states them.
    fn algorithms(&self) -> &'static [&'static str] {
        match self {
            Self::Rsa { .. } => &["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
            Self::P256(_) => &["ES256"],
            Self::P384(_) => &["ES384"],
            Self::Ed25519(_) => &["EdDSA", "Ed25519"],
        }
    }
}

fn text<'a>(members: &'a Map<String, Value>, member: &'static str) -> Result<&'a str, &'static str> {
    members.get(member).and_then(Value::as_str).ok_or(member)
}

fn optional_text<'a>(
    members: &'a Map<String, Value>,
    member: &'static str,
) -> Result<Option<&'a str>, &'static str> {
    match members.get(member) {
        None | Some(Value::Null) => Ok(None),
        Some(_) => text(members, member).map(Some),
    }
}

fn decoded(members: &Map<String, Value>, member: &'static str) -> Result<Vec<u8>, &'static str> {
    URL_SAFE_NO_PAD.decode(text(members, member)?).map_err(|_| member)
}

/// Decodes a number without leading zeros. Some issuers write one, which ring refuses.
fn number(members: &Map<String, Value>, member: &'static str) -> Result<Vec<u8>, &'static str> {
    let bytes = decoded(members, member)?;
    Ok(bytes.into_iter().skip_while(|byte| *byte == 0).collect())
}

fn bytes(members: &Map<String, Value>, member: &'static str, length: usize) -> Result<Vec<u8>, &'static str> {
    Some(decoded(members, member)?).filter(|bytes| bytes.len() == length).ok_or(member)
}

/// An uncompressed point. Its coordinates have `length` bytes.
fn point(members: &Map<String, Value>, length: usize) -> Result<Vec<u8>, &'static str> {
    let (x, y) = (bytes(members, "x", length)?, bytes(members, "y", length)?);
    Ok([&[4], x.as_slice(), &y].concat())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_rsa_key_has_from_2048_to_8192_bits() {
        let is_read = |first: u8, bytes: usize| {
            let modulus = URL_SAFE_NO_PAD.encode([&[first][..], &vec![0xff; bytes - 1]].concat());
            SigningKey::read(&json!({"kty": "RSA", "n": modulus, "e": "AQAB"})).is_ok()
        };
        assert_eq!(
            [(0x7f, 256), (0x80, 256), (0xff, 1_024), (1, 1_025)].map(|(first, bytes)| is_read(first, bytes)),
            [false, true, true, false]
        );
    }

    #[test]
    fn a_key_fits_the_algorithm_that_it_states_and_any_of_its_kind_if_it_states_none() {
        let key = |algorithm: Value| {
            let entry = json!({"kty": "OKP", "crv": "Ed25519", "x": "A".repeat(43), "alg": algorithm});
            SigningKey::read(&entry).unwrap()
        };
        for algorithm in [json!("Ed25519"), json!("EdDSA"), json!(null)] {
            assert!(key(algorithm.clone()).fits("EdDSA"), "{algorithm}");
            assert!(!key(algorithm.clone()).fits("ES256"), "{algorithm}");
        }
    }
}
