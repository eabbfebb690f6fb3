//! Claims that are right, and claims with one fault.

use serde_json::json;

use super::*;

use crate::address::{AddressRule, Trust};

pub(crate) fn issuer(subject_claim: SubjectClaim) -> Issuer {
    Issuer {
        url: "https://id.example".to_owned(),
        algorithms: Vec::new(),
        subject_claim,
        address: AddressRule::of("email", Trust::Claim),
    }
}

pub(crate) fn audience(client_id: Option<&str>) -> Audience {
    Audience { name: "keys".to_owned(), client_id: client_id.map(str::to_owned) }
}

fn accepted(changes: &Value) -> Result<Accepted, &'static str> {
    accepted_by(changes, &issuer(SubjectClaim::Sub), Purpose::Api(&audience(None)))
}

fn accepted_by(changes: &Value, issuer: &Issuer, purpose: Purpose<'_>) -> Result<Accepted, &'static str> {
    let mut claims = json!({"iss": "https://id.example", "sub": "ann", "aud": "keys", "exp": 1_000});
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::String(word) if word == "absent" => claims.as_object_mut().unwrap().remove(name),
            value => claims.as_object_mut().unwrap().insert(name.clone(), value.clone()),
        };
    }
    Claims::read(claims).ok_or("type")?.accept(issuer, purpose, Time::from_seconds(999))
}

#[test]
fn every_claim_is_required_with_its_type() {
    for (changes, why) in [
        (json!({}), None),
        (json!({"aud": ["other", "keys"]}), None),
        (json!({"nbf": 1_029}), None),
        (json!({"exp": 999}), Some("jwt_expired")),
        (json!({"exp": "1000"}), Some("type")),
        (json!({"exp": null}), Some("type")),
        (json!({"exp": "absent"}), Some("type")),
        (json!({"nbf": 1_030}), Some("jwt_not_yet_valid")),
        (json!({"nbf": "1"}), Some("type")),
        (json!({"nbf": null}), Some("type")),
        (json!({"iss": "https://id.example/"}), Some("jwt_issuer")),
        (json!({"iss": ["https://id.example"]}), Some("type")),
        (json!({"aud": "other"}), Some("jwt_audience")),
        (json!({"aud": {"keys": 1}}), Some("type")),
        (json!({"aud": null}), Some("type")),
        (json!({"aud": "absent"}), Some("jwt_audience")),
        (json!({"aud": "absent", "client_id": "keys"}), Some("jwt_audience")),
        (json!({"sub": "s"}), None),
        (json!({"sub": "s".repeat(256)}), None),
        (json!({"sub": ""}), Some("jwt_subject")),
        (json!({"sub": "absent"}), Some("jwt_subject")),
        (json!({"sub": "s".repeat(257)}), Some("jwt_subject")),
        (json!({"sub": null}), Some("type")),
        (json!({"sub": 7}), Some("type")),
    ] {
        assert_eq!(accepted(&changes).err(), why, "{changes}");
    }
}

#[test]
fn a_client_id_replaces_an_absent_audience_only_where_configured() {
    let audience = audience(Some("app"));
    let with =
        |changes: Value| accepted_by(&changes, &issuer(SubjectClaim::Sub), Purpose::Api(&audience)).err();
    assert_eq!(with(json!({"aud": "absent", "client_id": "app"})), None);
    assert_eq!(with(json!({"aud": "other", "client_id": "app"})), Some("jwt_audience"));
    assert_eq!(with(json!({"aud": "absent", "client_id": ["app"]})), Some("type"));
}

#[test]
fn people_are_known_by_the_claim_of_the_setting() {
    let audience = audience(None);
    let by_oid = |changes: Value| accepted_by(&changes, &issuer(SubjectClaim::Oid), Purpose::Api(&audience));
    let found = by_oid(json!({"oid": "o-1"})).unwrap();
    assert_eq!((found.sign_in.subject.as_str(), found.sub.as_deref()), ("o-1", Some("ann")));
    let found = by_oid(json!({"oid": "o-1", "sub": "absent"})).unwrap();
    assert_eq!((found.sign_in.subject.as_str(), found.sub), ("o-1", None));
    for oid in [json!("absent"), json!(""), json!(null), json!(7), json!(["o-1"]), json!("o".repeat(257))] {
        assert_eq!(by_oid(json!({"oid": oid})).err(), Some("jwt_subject"), "{oid}");
    }
    assert_eq!(by_oid(json!({"oid": "o-1", "sub": 7})).err(), Some("type"));
    assert_eq!(accepted(&json!({"oid": 7})).unwrap().sign_in.subject, "ann");
}

#[test]
fn an_id_token_is_for_the_console_and_for_its_request() {
    for (changes, why) in [
        (json!({}), None),
        (json!({"aud": ["console"]}), None),
        (json!({"aud": ["console", "other"], "azp": "console"}), None),
        (json!({"azp": "console"}), None),
        (json!({"iat": 1_029}), None),
        (json!({"aud": "keys"}), Some("jwt_audience")),
        (json!({"aud": "absent"}), Some("jwt_audience")),
        (json!({"aud": "absent", "client_id": "console"}), Some("jwt_audience")),
        (json!({"aud": ["console", "other"]}), Some("jwt_audience")),
        (json!({"aud": ["console", "other"], "azp": "other"}), Some("jwt_audience")),
        (json!({"azp": "other"}), Some("jwt_audience")),
        (json!({"azp": null}), Some("jwt_claims")),
        (json!({"nonce": "another"}), Some("jwt_nonce")),
        (json!({"nonce": ""}), Some("jwt_nonce")),
        (json!({"nonce": "absent"}), Some("jwt_claims")),
        (json!({"iat": 1_030}), Some("jwt_not_yet_valid")),
        (json!({"iat": "absent"}), Some("jwt_claims")),
        (json!({"iat": "1"}), Some("jwt_claims")),
        (json!({"exp": 999}), Some("jwt_expired")),
        (json!({"iss": "https://other.example"}), Some("jwt_issuer")),
    ] {
        let mut claims = json!({"aud": "console", "nonce": "n", "iat": 900});
        claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let purpose = Purpose::Console { client_id: "console", nonce: "n" };
        let refused = accepted_by(&claims, &issuer(SubjectClaim::Sub), purpose).err();
        assert_eq!(refused, why, "{changes}");
    }
}

#[test]
fn scopes_are_text_or_lists() {
    for (claims, expected) in [
        (json!({"scope": "Openid orders:read  clusters:*"}), vec!["orders:read", "clusters:*"]),
        (json!({"scope": ["Openid", "orders:read"]}), vec!["orders:read"]),
        (json!({"scp": "orders:read"}), vec!["orders:read"]),
        (json!({"scp": ["orders:read", 7, null, "orders:write"]}), vec!["orders:read", "orders:write"]),
        (json!({"scope": "a:b", "scp": ["c:d"], "permissions": ["e:f"]}), vec!["a:b", "c:d", "e:f"]),
        (json!({"scope": 7, "scp": {"a:b": true}, "permissions": "e:f"}), vec![]),
        (json!({"scope": null, "scp": [], "permissions": null}), vec![]),
    ] {
        let found = accepted(&claims).unwrap().sign_in.permissions;
        assert_eq!(found.words().collect::<Vec<_>>(), expected, "{claims}");
    }
}

/// Tells in the words of the rules whether claims are accepted: as [`accepted`] expects them.
pub(crate) fn is_acceptable(claims: &Value) -> bool {
    let text = |name| claims.get(name).and_then(Value::as_str);
    let number = |name| claims.get(name).and_then(Value::as_f64);
    let absent_or = |name, is_right: bool| claims.get(name).is_none() || is_right;
    let audience = match claims.get("aud") {
        Some(Value::String(one)) => one == "keys",
        Some(Value::Array(several)) => {
            several.iter().all(Value::is_string) && several.contains(&json!("keys"))
        }
        _ => false,
    };
    text("iss") == Some("https://id.example")
        && text("sub").is_some_and(|subject| (1..=256).contains(&subject.len()))
        && number("exp").is_some_and(|expiry| expiry > 999.0)
        && absent_or("nbf", number("nbf").is_some_and(|begin| begin <= 1_029.0))
        && absent_or("client_id", text("client_id").is_some())
        && audience
}

#[test]
fn fuzzed_claims_are_accepted_by_the_rules_alone() {
    fuzz::documents("jwt_claims").play(|text| {
        let claims: Value = serde_json::from_str(text).unwrap_or_default();
        let (issuer, audience) = (issuer(SubjectClaim::Sub), audience(None));
        let read = Claims::read(claims.clone());
        let accepted =
            read.map(|read| read.accept(&issuer, Purpose::Api(&audience), Time::from_seconds(999)));
        let accepted = accepted.and_then(Result::ok);
        assert_eq!(accepted.is_some(), is_acceptable(&claims));
        accepted.is_some_and(|accepted| {
            let sign_in = accepted.sign_in;
            assert_eq!(json!([sign_in.issuer, sign_in.subject]), json!([claims["iss"], claims["sub"]]));
            true
        })
    });
}

/// Each input is a header; the rest of the token stays the same.
#[test]
fn fuzzed_headers_of_tokens_that_demand_an_extension_are_critical() {
    fuzz::documents("jwt_header").play(|text| {
        let token = format!("{}.e30.c2ln", URL_SAFE_NO_PAD.encode(text));
        let header: Option<Value> = serde_json::from_str(text).ok();
        let demands = header.as_ref().is_none_or(|header| header.get("crit").is_some());
        assert_eq!(is_critical(&token), demands);
        let Ok(read) = jsonwebtoken::decode_header(&token) else { return false };
        let header = header.unwrap();
        assert_eq!(header["alg"], json!(format!("{:?}", read.alg)));
        assert_eq!(header.get("kid").and_then(Value::as_str), read.kid.as_deref());
        !demands
    });
}
