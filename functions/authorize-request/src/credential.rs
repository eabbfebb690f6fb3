//! Finds the one credential of a request.

use api::{BadCredential, Credential};
use domain::token::KeyPrefix;

use crate::{
    authorizer_request::{AuthorizerRequest, decoded},
    refusal::Refusal,
};

/// Query parameters in which some clients send credentials.
const CREDENTIAL_PARAMETERS: [&str; 3] = ["access_token", "authorization", "x-access-key"];

/// Finds the one credential. Refuses a request without a credential, with several, with one in the URL, or with one
/// of an unknown form.
pub(crate) fn find(request: &AuthorizerRequest, prefix: &KeyPrefix) -> Result<Credential, Refusal> {
    if in_url(request, prefix) {
        return Err(Refusal::InUrl);
    }
    let headers = request.headers.0.iter().map(|(name, value)| (*name, value.as_str()));
    Credential::in_headers(headers, prefix).map_err(|bad| match bad {
        BadCredential::None => Refusal::NoCredential,
        BadCredential::Several => Refusal::SeveralCredentials,
        BadCredential::Malformed => Refusal::Malformed,
    })
}

fn in_url(request: &AuthorizerRequest, prefix: &KeyPrefix) -> bool {
    let named = |name: &str| CREDENTIAL_PARAMETERS.iter().any(|known| known.eq_ignore_ascii_case(name));
    let in_query = |(name, value): &(String, String)| {
        named(name) || is_credential(value, prefix) || is_credential(name, prefix)
    };
    request.query.iter().any(in_query)
        || request.path.split('/').any(|segment| is_credential(&decoded(segment), prefix))
}

/// Tells whether text contains a token, or is a JWT by its shape, alone or after a scheme.
fn is_credential(text: &str, prefix: &KeyPrefix) -> bool {
    let bare = text.rsplit(' ').next().unwrap_or_default();
    let is_jwt = || {
        let mut parts = bare.split('.');
        let objects = parts.by_ref().take(2).filter(|part| part.starts_with("eyJ")).count();
        objects == 2 && parts.count() == 1
    };
    prefix.is_contained_in(text) || is_jwt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::headers::Headers;

    fn request(headers: &[(&'static str, &str)], query: &[(&str, &str)], path: &str) -> AuthorizerRequest {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        AuthorizerRequest {
            headers: Headers(headers),
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

    #[test]
    fn the_public_half_in_the_url_is_no_credential() {
        let good = request(&[("x-access-key", "ak_a_b")], &[], "/access-keys/ak_7HcX2mPq9LwZtR4bK1nV");
        assert!(find(&good, &"ak".parse().unwrap()).is_ok());
    }

    #[test]
    fn a_credential_in_the_url_is_refused_beside_a_good_one() {
        let good = [("x-access-key", "ak_a_b")];
        for (query, path) in [
            (vec![("access_token", "x")], "/x"),
            (vec![("X-Access-Key", "x")], "/x"),
            (vec![("anything", TOKEN)], "/x"),
            (vec![("anything", BEARER)], "/x"),
            (vec![("anything", URL)], "/x"),
            (vec![("id_token", "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln")], "/x"),
            (vec![], ENCODED_PATH),
            (vec![], PATH),
        ] {
            let refused = find(&request(&good, &query, path), &"ak".parse().unwrap()).err();
            assert_eq!(refused, Some(Refusal::InUrl), "{query:?} {path}");
        }
    }
}
