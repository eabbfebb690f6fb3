//! Finds the one credential of a request.

use api::{BadCredential, Credential};
use base64::{
    Engine as _,
    alphabet::URL_SAFE,
    engine::general_purpose::{GeneralPurpose, NO_PAD},
};
use domain::token::KeyPrefix;
use serde::Deserialize;

use crate::{authorizer_request::AuthorizerRequest, query::decoded, refusal::Refusal};

/// Query parameters in which some clients send credentials.
const CREDENTIAL_PARAMETERS: [&str; 3] = ["access_token", "authorization", "x-access-key"];

/// Reads a part of a JWT, however its last bits are.
const LENIENT: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, NO_PAD.with_decode_allow_trailing_bits(true));

/// Finds the one credential. Refuses a request without a credential, with several, with one in the URL, or with one
/// of an unknown form.
///
/// In the URL, only keys of this installation and JWTs of `issuer` count as credentials. Links of other APIs may hold
/// other JWTs.
pub(crate) fn find(
    request: &AuthorizerRequest,
    prefix: &KeyPrefix,
    issuer: &str,
) -> Result<Credential, Refusal> {
    refuse_in_url(request, prefix, issuer)?;
    let headers = request.headers.credentials.iter().map(|(name, value)| (*name, value.as_str()));
    Credential::in_headers(headers, prefix).map_err(|bad| match bad {
        BadCredential::None => Refusal::NoCredential,
        BadCredential::Several => Refusal::SeveralCredentials,
        BadCredential::Malformed => Refusal::Malformed,
    })
}

/// Refuses a request with a credential in its URL.
pub(crate) fn refuse_in_url(
    request: &AuthorizerRequest,
    prefix: &KeyPrefix,
    issuer: &str,
) -> Result<(), Refusal> {
    if in_url(request, prefix, issuer) { Err(Refusal::InUrl) } else { Ok(()) }
}

fn in_url(request: &AuthorizerRequest, prefix: &KeyPrefix, issuer: &str) -> bool {
    let is_credential =
        |text: &str| prefix.is_contained_in(text) || issuers_of_jwts(text).any(|named| named == issuer);
    let named = |name: &str| CREDENTIAL_PARAMETERS.iter().any(|known| known.eq_ignore_ascii_case(name));
    let in_query = |(name, value): &(String, String)| {
        // A JWT of another issuer is meant for another API, whatever the parameter is called.
        named(name) && issuers_of_jwts(value).next().is_none() || is_credential(value) || is_credential(name)
    };
    request.query.iter().any(in_query)
        || request.path.split('/').any(|segment| is_credential(&decoded(segment)))
}

/// Finds the `iss` of each JWT in a text. A part between two dots that decodes to claims is taken for the middle of a JWT. A part
/// with a character that base64url lacks, such as a space, does not decode.
fn issuers_of_jwts(text: &str) -> impl Iterator<Item = String> {
    let parts = || text.split('.');
    parts().skip(1).zip(parts().skip(2)).filter_map(|(claims, _)| issuer_of(claims))
}

/// Reads the `iss` of the middle part of a JWT.
fn issuer_of(claims: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claims {
        iss: String,
    }
    // The base64 of a JSON object starts with `e`, so most parts are skipped without decoding.
    let encoded = Some(claims.trim_end_matches('=')).filter(|claims| claims.starts_with('e'))?;
    let claims: Claims = serde_json::from_slice(&LENIENT.decode(encoded).ok()?).ok()?;
    Some(claims.iss)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::headers::Headers;

    fn request(headers: &[(&'static str, &str)], query: &[(&str, &str)], path: &str) -> AuthorizerRequest {
        let credentials = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        AuthorizerRequest {
            headers: Headers { credentials, ..Headers::default() },
            query: query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            path: path.to_owned(),
            ..AuthorizerRequest::sample()
        }
    }

    const TOKEN: &str = "ak_7HcX2mPq9LwZtR4bK1nV_00000000000000000000000000000000000000000004MWDTL";
    const BEARER: &str = "Bearer ak_7HcX2mPq9LwZtR4bK1nV_00000000000000000000000000000000000000000004MWDTL";
    const URL: &str =
        "https://e.example/?k=ak_7HcX2mPq9LwZtR4bK1nV_00000000000000000000000000000000000000000004MWDTL&x";
    const PATH: &str = "/x/ak_7HcX2mPq9LwZtR4bK1nV_00000000000000000000000000000000000000000004MWDTL";
    const ENCODED_PATH: &str =
        "/x/ak%5F7HcX2mPq9LwZtR4bK1nV_00000000000000000000000000000000000000000004MWDTL";

    const ISSUER: &str = "https://id.example";

    fn found(request: &AuthorizerRequest) -> Result<Credential, Refusal> {
        find(request, &"ak".parse().unwrap(), ISSUER)
    }

    fn jwt(issuer: &str) -> String {
        let claims = format!(r#"{{"sub":"ann","iss":"{issuer}","exp":1}}"#);
        let part = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.c2ln", part(r#"{"alg":"ES256"}"#), part(&claims))
    }

    #[test]
    fn the_public_half_in_the_url_is_no_credential() {
        let good = request(&[("x-access-key", "ak_a_b")], &[], "/access-keys/ak_7HcX2mPq9LwZtR4bK1nV");
        assert!(found(&good).is_ok());
    }

    #[test]
    fn a_credential_in_the_url_is_refused_beside_a_good_one() {
        let good = [("x-access-key", "ak_a_b")];
        let jwt = &jwt(ISSUER);
        let padded = &jwt.replacen(".c2ln", "==.c2ln", 1);
        let (bearer, nested) = (&format!("Bearer {jwt}"), &format!("https://e.example/?t={jwt}&x"));
        let (in_path, in_matrix) = (&format!("/x/{jwt}/y"), &format!("/x;t={jwt}"));
        let encoded_path = &format!("/x/{}", jwt.replace('.', "%2E").replace('e', "%65"));
        for (query, path) in [
            (vec![("access_token", "x")], "/x"),
            (vec![("X-Access-Key", "x")], "/x"),
            (vec![("anything", TOKEN)], "/x"),
            (vec![("anything", BEARER)], "/x"),
            (vec![("anything", URL)], "/x"),
            (vec![("id_token", jwt)], "/x"),
            (vec![("access_token", jwt)], "/x"),
            (vec![(jwt, "")], "/x"),
            (vec![("t", bearer)], "/x"),
            (vec![("t", nested)], "/x"),
            (vec![("t", padded)], "/x"),
            (vec![], in_path),
            (vec![], in_matrix),
            (vec![], encoded_path),
            (vec![], ENCODED_PATH),
            (vec![], PATH),
        ] {
            let refused = found(&request(&good, &query, path)).err();
            assert_eq!(refused, Some(Refusal::InUrl), "{query:?} {path}");
        }
    }

    #[test]
    fn a_jwt_of_somebody_else_in_the_url_passes() {
        let good = [("x-access-key", "ak_a_b")];
        let jwt = &jwt("https://links.example");
        let without_issuer = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln";
        let in_path = &format!("/invitations/{jwt}");
        for (query, path) in [
            (vec![("invitation", jwt.as_str())], "/x"),
            (vec![("access_token", jwt)], "/x"),
            (vec![("t", without_issuer)], "/x"),
            (vec![("t", "eyJ.eyJ.eyJ"), ("version", "1.2.3"), ("host", "edge.example.com")], "/x"),
            (vec![], in_path),
        ] {
            assert!(found(&request(&good, &query, path)).is_ok(), "{query:?} {path}");
        }
    }
}
