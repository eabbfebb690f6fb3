use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::token::KeyPrefix;
use percent_encoding::percent_decode_str;

use crate::{event::Presented, refusal::Refusal};

/// The one credential of a request, its secret not yet looked at.
#[derive(PartialEq, Eq)]
pub(crate) enum Credential {
    /// An access key in its one-string form.
    Token(String),
    /// A token of the identity provider.
    Jwt(String),
}

/// Query parameters that some clients put credentials in.
const IN_QUERY: [&str; 3] = ["access_token", "authorization", "x-access-key"];

impl Credential {
    /// Finds the credential. Refuses none, several, one in the URL, and one of no known form.
    pub(crate) fn find(presented: &Presented, prefix: &KeyPrefix) -> Result<Self, Refusal> {
        if in_url(presented, prefix) {
            return Err(Refusal::InUrl);
        }
        let mut given = presented
            .headers
            .iter()
            .filter(|(name, _)| matches!(name.as_str(), "x-access-key" | "authorization"));
        let (name, value) = given.next().ok_or(Refusal::NoCredential)?;
        if given.next().is_some() {
            return Err(Refusal::SeveralCredentials);
        }
        let value = value.trim();
        if name == "x-access-key" {
            return Ok(Self::Token(value.to_owned()));
        }
        let (scheme, rest) = value.split_once(' ').ok_or(Refusal::Malformed)?;
        let rest = rest.trim();
        match scheme.to_ascii_lowercase().as_str() {
            "bearer" if prefix.leads(rest) => Ok(Self::Token(rest.to_owned())),
            "bearer" => Ok(Self::Jwt(rest.to_owned())),
            "basic" => basic(rest).map(Self::Token).ok_or(Refusal::Malformed),
            _ => Err(Refusal::Malformed),
        }
    }
}

/// Joins the pair of access key and secret key to a token.
fn basic(encoded: &str) -> Option<String> {
    let pair = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (access_key, secret_key) = pair.split_once(':')?;
    let split_right = access_key.matches('_').count() == 1 && !secret_key.contains('_');
    split_right.then(|| format!("{access_key}_{secret_key}"))
}

fn in_url(presented: &Presented, prefix: &KeyPrefix) -> bool {
    let named = |name: &str| IN_QUERY.iter().any(|known| known.eq_ignore_ascii_case(name));
    let in_query = |(name, value): &(String, String)| {
        named(name) || is_credential(value, prefix) || is_credential(name, prefix)
    };
    let decoded = |segment: &str| percent_decode_str(segment).decode_utf8_lossy().into_owned();
    presented.query.iter().any(in_query)
        || presented.path.split('/').any(|segment| is_credential(&decoded(segment), prefix))
}

/// Tells whether text holds a token, or is a JWT by its shape, alone or after a scheme.
fn is_credential(text: &str, prefix: &KeyPrefix) -> bool {
    let bare = text.rsplit(' ').next().unwrap_or_default();
    let parts: Vec<_> = bare.split('.').collect();
    prefix.stands_in(text) || parts.len() == 3 && parts[0].starts_with("eyJ") && parts[1].starts_with("eyJ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn presented(headers: &[(&str, &str)], query: &[(&str, &str)], path: &str) -> Presented {
        let owned = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        Presented {
            headers: owned(headers),
            query: owned(query),
            path: path.to_owned(),
            ..Presented::sample()
        }
    }

    fn found(headers: &[(&str, &str)]) -> Result<String, Refusal> {
        match Credential::find(&presented(headers, &[], "/x"), &"ak".parse().unwrap()) {
            Ok(Credential::Token(text)) => Ok(format!("token {text}")),
            Ok(Credential::Jwt(text)) => Ok(format!("jwt {text}")),
            Err(refusal) => Err(refusal),
        }
    }

    #[test]
    fn each_header_is_read() {
        assert_eq!(found(&[("x-access-key", " ak_a_b ")]), Ok("token ak_a_b".to_owned()));
        assert_eq!(found(&[("authorization", "Bearer ak_a_b")]), Ok("token ak_a_b".to_owned()));
        assert_eq!(found(&[("authorization", "bEARER a.b.c")]), Ok("jwt a.b.c".to_owned()));
        assert_eq!(found(&[("authorization", "Basic YWtfYTpi")]), Ok("token ak_a_b".to_owned()));
    }

    #[test]
    fn none_several_and_malformed_are_refused() {
        assert_eq!(found(&[("accept", "x")]), Err(Refusal::NoCredential));
        assert_eq!(
            found(&[("x-access-key", "ak_a_b"), ("authorization", "Bearer a.b.c")]),
            Err(Refusal::SeveralCredentials)
        );
        assert_eq!(
            found(&[("x-access-key", "ak_a_b"), ("x-access-key", "ak_a_b")]),
            Err(Refusal::SeveralCredentials)
        );
        for value in ["", "Bearer", "Digest a", "Basic ????", "Basic YQ==", "ak_a_b"] {
            assert_eq!(found(&[("authorization", value)]), Err(Refusal::Malformed), "{value}");
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
        let good = presented(&[("x-access-key", "ak_a_b")], &[], "/access-keys/ak_7HcX2mPq9LwZtR4bK1nV");
        assert!(Credential::find(&good, &"ak".parse().unwrap()).is_ok());
    }

    #[test]
    fn one_in_the_url_spoils_the_request() {
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
            let refused = Credential::find(&presented(&good, &query, path), &"ak".parse().unwrap()).err();
            assert_eq!(refused, Some(Refusal::InUrl), "{query:?} {path}");
        }
    }
}
