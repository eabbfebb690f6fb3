//! Whole tokens, signed here: each input is a header, claims and the keys of the issuer.

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{Time, sign_in::SubjectClaim};
use jsonwebtoken::Algorithm;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

use super::*;
use crate::claims::tests::{audience, is_acceptable, issuer};

/// The seed of the issuer's key.
const ISSUER: u8 = 7;

fn pair(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
}

/// Writes a token that the key of a seed signs.
fn token(header: &Value, claims: &Value, seed: u8) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(pair(seed).sign(message.as_bytes()));
    format!("{message}.{signature}")
}

fn is_accepted(keys: &Value, token: &str) -> bool {
    is_accepted_with(vec![Algorithm::EdDSA], keys, token)
}

/// Verifies with published keys. Nothing is fetched: the keys are fresh, and were tried just now.
fn is_accepted_with(algorithms: Vec<Algorithm>, keys: &Value, token: &str) -> bool {
    let now = Moment::now(Time::from_seconds(999).into());
    let Some(jwks) = Jwks::holding(keys, now) else { return false };
    let issuer = Issuer { algorithms, ..issuer(SubjectClaim::Sub) };
    let audience = audience(None);
    let verified = pin!(verify(&issuer, Purpose::Api(&audience), &jwks, token, now));
    let Poll::Ready(verified) = verified.poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("it waits");
    };
    verified.is_ok()
}

/// Returns a token with another character in the middle of one of its three parts.
fn damaged(token: &str, part: usize) -> String {
    let mut parts: Vec<_> = token.split('.').map(str::to_owned).collect();
    let middle = parts[part].len() / 2;
    let other = if parts[part].as_bytes()[middle] == b'A' { "B" } else { "A" };
    parts[part].replace_range(middle..=middle, other);
    parts.join(".")
}

#[test]
fn fuzzed_tokens_pass_by_their_header_claims_and_keys_and_never_with_another_signature() {
    let target = fuzz::documents("jwt");
    let published = target.first()["keys"].clone();
    let ours = json!(URL_SAFE_NO_PAD.encode(pair(ISSUER).public_key()));
    target.play(|text| {
        let document: Value = serde_json::from_str(text).unwrap_or_default();
        let (header, claims, keys) = (&document["header"], &document["claims"], &document["keys"]);
        let signed = token(header, claims, ISSUER);
        let accepted = is_accepted(keys, &signed);
        let read = decode_header(&signed).ok().filter(|read| read.alg == Algorithm::EdDSA);
        let is_named = read.is_some_and(|read| {
            let names = |entry: &Value| read.kid.as_ref().is_none_or(|name| entry["kid"] == **name);
            keys["keys"].as_array().into_iter().flatten().any(|entry| entry["x"] == ours && names(entry))
        });
        let is_right = is_named && header.get("crit").is_none() && is_acceptable(claims);
        assert!(is_right || !accepted);
        assert!(accepted || !is_right || *keys != published);
        if !accepted {
            return false;
        }
        assert!(!is_accepted(keys, &token(header, claims, ISSUER + 1)), "a stranger's signature");
        for part in 0..3 {
            assert!(!is_accepted(keys, &damaged(&signed, part)), "{part}");
        }
        let (message, _) = signed.rsplit_once('.').unwrap();
        assert!(!is_accepted(keys, &format!("{message}.")), "no signature");
        for algorithm in ["none", "HS256", "ES256"] {
            let mut header = header.clone();
            header["alg"] = json!(algorithm);
            assert!(!is_accepted(keys, &token(&header, claims, ISSUER)), "{algorithm}");
        }
        true
    });
}

#[test]
fn a_key_that_the_issuer_publishes_counts_only_with_an_algorithm_of_the_settings() {
    let target = fuzz::documents("jwt");
    let document = target.first();
    let signed = token(&document["header"], &document["claims"], ISSUER);
    let is_accepted = |algorithms| is_accepted_with(algorithms, &document["keys"], &signed);
    assert!(is_accepted(vec![Algorithm::ES256, Algorithm::EdDSA]));
    assert!(!is_accepted(vec![Algorithm::ES256]));
}
