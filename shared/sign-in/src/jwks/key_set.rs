//! The usable keys of a published set, and the choice of those that may check a token.

use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;

use super::signing_key::SigningKey;

/// The most keys that are tried for one token. A set has more under one name only by mistake.
const MAX_CANDIDATES: usize = 8;

/// The signing keys of the identity provider. An entry of the published set that cannot be used is left out.
#[derive(Debug, Default)]
pub(super) struct KeySet {
    keys: Vec<SigningKey>,
    passed_over: Vec<PassedOver>,
}

/// An entry of the published set that cannot be used: its position, from 0, and the member that is at fault.
#[derive(Debug, PartialEq, Eq)]
struct PassedOver {
    position: usize,
    member: &'static str,
}

impl KeySet {
    /// Reads each entry of a published set by itself. `None` where the document holds no list of keys.
    pub(super) fn read(document: &Value) -> Option<Self> {
        let mut set = Self::default();
        for (position, entry) in document.get("keys")?.as_array()?.iter().enumerate() {
            match SigningKey::read(entry) {
                Ok(key) if set.keys.contains(&key) => {}
                Ok(key) => set.keys.push(key),
                Err(member) => set.passed_over.push(PassedOver { position, member }),
            }
        }
        Some(set)
    }

    /// Logs the entries that were passed over, in one line: their positions and members, nothing of their content.
    pub(super) fn log_passed_over(&self) {
        /// The most entries that the line names.
        const MAX_NAMED: usize = 20;
        if self.passed_over.is_empty() {
            return;
        }
        let named = self.passed_over.iter().take(MAX_NAMED);
        let named: Vec<_> = named.map(|entry| format!("{} {}", entry.position, entry.member)).collect();
        let (named, count) = (named.join(", "), self.passed_over.len());
        tracing::warn!(
            passed_over = named,
            passed_over_count = count,
            "passed over keys of the issuer that cannot be used"
        );
    }

    /// Finds the keys of this name that fit the algorithm, or all that fit where the token names none. One of them
    /// must have made the signature. At most eight are returned.
    pub(super) fn candidates(&self, name: Option<&str>, algorithm: Algorithm) -> Vec<DecodingKey> {
        let algorithm = format!("{algorithm:?}");
        let named = self.keys.iter().filter(|key| name.is_none() || key.name.as_deref() == name);
        let fitting = named.filter(|key| key.fits(&algorithm));
        fitting.take(MAX_CANDIDATES).map(SigningKey::decoding_key).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rsa() -> Value {
        json!({"kty": "RSA", "n": "gQ".to_owned() + &"A".repeat(339) + "Q", "e": "AQAB", "kid": "a"})
    }

    fn ec() -> Value {
        json!({"kty": "EC", "crv": "P-256", "x": "A".repeat(43), "y": "A".repeat(43), "kid": "a"})
    }

    fn changed(mut entry: Value, member: &str, value: Value) -> Value {
        entry[member] = value;
        entry
    }

    fn passed_over(entry: &Value) -> Option<&'static str> {
        let set = KeySet::read(&json!({ "keys": [rsa(), entry, ec()] })).unwrap();
        let passed = match set.passed_over.as_slice() {
            [] => None,
            [PassedOver { position: 1, member }] => Some(*member),
            other => panic!("{other:?}"),
        };
        for algorithm in [Algorithm::RS256, Algorithm::ES256] {
            assert!(!set.candidates(Some("a"), algorithm).is_empty(), "the others stay");
        }
        passed
    }

    #[test]
    fn an_entry_that_cannot_be_used_is_passed_over_by_its_member() {
        for (member, value) in [
            ("kid", json!(7)),
            ("kid", json!(["a"])),
            ("kty", json!(null)),
            ("kty", json!("oct")),
            ("kty", json!("AKP")),
            ("kty", json!(7)),
            ("use", json!("enc")),
            ("use", json!("")),
            ("use", json!(["sig"])),
            ("key_ops", json!(["encrypt"])),
            ("key_ops", json!([])),
            ("key_ops", json!("verify")),
            ("alg", json!("RSA-OAEP")),
            ("alg", json!("HS256")),
            ("alg", json!("ES256")),
            ("alg", json!(7)),
            ("n", json!(null)),
            ("n", json!("+/")),
            ("n", json!("")),
            ("n", json!(rsa()["n"].as_str().unwrap().to_owned() + "==")),
            ("n", json!("gQ".to_owned() + &"A".repeat(168) + "E")),
            ("n", json!("gQ".to_owned() + &"A".repeat(1_400) + "E")),
            ("e", json!(65_537)),
            ("e", json!("AQ")),
            ("e", json!("AQABAQABAQAB")),
        ] {
            assert_eq!(passed_over(&changed(rsa(), member, value.clone())), Some(member), "{value}");
        }
        for (member, value) in [
            ("crv", json!("P-521")),
            ("crv", json!("secp256k1")),
            ("crv", json!(null)),
            ("alg", json!("ES384")),
            ("x", json!("AAAA")),
            ("x", json!("A".repeat(44))),
            ("y", json!(null)),
        ] {
            assert_eq!(passed_over(&changed(ec(), member, value.clone())), Some(member), "{value}");
        }
        for (exponent, expected) in [("AQAAAAE", None), ("AQAAAAAB", Some("e"))] {
            assert_eq!(passed_over(&changed(rsa(), "e", json!(exponent))), expected, "{exponent}");
        }
        for entry in [json!(null), json!("a"), json!([]), json!(7)] {
            assert_eq!(passed_over(&entry), Some("entry"));
        }
        assert_eq!(passed_over(&json!({})), Some("kty"));
        assert_eq!(passed_over(&json!({"kty": "OKP", "crv": "X25519", "x": "A".repeat(43)})), Some("crv"));
    }

    #[test]
    fn fuzzed_sets_are_read_entry_by_entry() {
        fuzz::documents("jwks").play(|text| {
            let document: Value = serde_json::from_str(text).unwrap_or_default();
            let Some(set) = KeySet::read(&document) else { return false };
            let entries = document["keys"].as_array().unwrap();
            assert!(set.keys.len() + set.passed_over.len() <= entries.len());
            let alone = |entry: &Value| KeySet::read(&json!({"keys": [entry]})).unwrap().keys;
            let mut one_by_one: Vec<SigningKey> = Vec::new();
            for key in entries.iter().flat_map(alone) {
                if !one_by_one.contains(&key) {
                    one_by_one.push(key);
                }
            }
            assert_eq!(set.keys, one_by_one);
            for algorithm in
                [Algorithm::RS256, Algorithm::PS512, Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA]
            {
                assert!(set.candidates(None, algorithm).len() <= MAX_CANDIDATES);
                assert!(set.candidates(Some("a"), algorithm).len() <= set.candidates(None, algorithm).len());
            }
            assert!(set.candidates(None, Algorithm::HS256).is_empty());
            !set.keys.is_empty()
        });
    }

    #[test]
    fn what_cannot_weaken_the_check_is_accepted() {
        for (member, value) in [
            ("kid", json!(null)),
            ("use", json!(null)),
            ("use", json!("sig")),
            ("key_ops", json!(["sign", "verify"])),
            ("key_ops", json!(null)),
            ("alg", json!("PS512")),
            ("alg", json!(null)),
            ("x5c", json!(7)),
            ("x5c", json!(["no certificate"])),
            ("x5t", json!(null)),
            ("issuer", json!("https://id.example")),
            ("n", json!("AIEA".to_owned() + &"A".repeat(339) + "B")),
        ] {
            assert_eq!(passed_over(&changed(rsa(), member, value.clone())), None, "{member} {value}");
        }
        let ed = json!({"kty": "OKP", "crv": "Ed25519", "alg": "Ed25519", "x": "A".repeat(43)});
        assert_eq!(passed_over(&ed), None);
    }

    #[test]
    fn the_keys_of_a_name_that_fit_the_algorithm_are_found() {
        let other = changed(rsa(), "n", json!("gg".to_owned() + &"A".repeat(339) + "Q"));
        let set = json!({ "keys": [rsa(), ec(), rsa(), other, changed(ec(), "kid", json!("b"))] });
        let set = KeySet::read(&set).unwrap();
        let found = |name, algorithm| set.candidates(name, algorithm).len();
        assert_eq!(found(Some("a"), Algorithm::RS256), 2, "the same key listed twice is one");
        assert_eq!(found(Some("a"), Algorithm::PS384), 2);
        assert_eq!(found(Some("a"), Algorithm::ES256), 1);
        assert_eq!(found(Some("b"), Algorithm::RS256), 0);
        assert_eq!(found(None, Algorithm::ES256), 2);
        assert_eq!(found(Some("a"), Algorithm::ES384), 0);
        assert_eq!(found(Some("a"), Algorithm::EdDSA), 0);
        let many: Vec<_> = (0..20).map(|n| changed(ec(), "y", json!(format!("{n:0>42}A")))).collect();
        let set = KeySet::read(&json!({ "keys": many })).unwrap();
        assert_eq!(set.candidates(Some("a"), Algorithm::ES256).len(), MAX_CANDIDATES);
    }

    #[test]
    fn a_document_without_a_list_of_keys_is_none() {
        for document in [json!({}), json!({"keys": null}), json!({"keys": {}}), json!([]), json!(null)] {
            assert!(KeySet::read(&document).is_none(), "{document}");
        }
        assert!(KeySet::read(&json!({"keys": []})).is_some());
    }
}
