//! The credential of a request, found in its headers.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::token::KeyPrefix;

/// The one credential of a request, not yet verified. It has no `Debug`.
#[derive(PartialEq, Eq)]
pub enum Credential {
    /// An access key in its one-string form.
    Token(String),
    /// A token of the identity provider.
    Jwt(String),
}

/// Why headers have no usable credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadCredential {
    /// There is none.
    #[error("no header holds a credential")]
    None,
    /// There is more than one, or one header twice.
    #[error("more than one header holds a credential")]
    Several,
    /// It has no known form.
    #[error("the credential has no known form")]
    Malformed,
}

impl Credential {
    /// The headers that may hold a credential.
    pub const HEADERS: [&str; 2] = ["x-access-key", "authorization"];

    /// Finds the credential in headers. Their names must be in lower case.
    pub fn in_headers<'h>(
        headers: impl Iterator<Item = (&'h str, &'h str)>,
        prefix: &KeyPrefix,
    ) -> Result<Self, BadCredential> {
        let mut given = headers.filter(|(name, _)| Self::HEADERS.contains(name));
        let (name, value) = given.next().ok_or(BadCredential::None)?;
        if given.next().is_some() {
            return Err(BadCredential::Several);
        }
        let value = value.trim();
        if name == "x-access-key" {
            return Ok(Self::Token(value.to_owned()));
        }
        let (scheme, rest) = value.split_once(' ').ok_or(BadCredential::Malformed)?;
        let rest = rest.trim();
        match scheme.to_ascii_lowercase().as_str() {
            "bearer" if prefix.matches(rest) => Ok(Self::Token(rest.to_owned())),
            "bearer" => Ok(Self::Jwt(rest.to_owned())),
            "basic" => basic(rest, prefix).map(Self::Token).ok_or(BadCredential::Malformed),
            _ => Err(BadCredential::Malformed),
        }
    }
}

/// Joins a pair of access key and secret key into a token. `curl -u <token>:` sends the whole token as the user name
/// and an empty password.
fn basic(encoded: &str, prefix: &KeyPrefix) -> Option<String> {
    let pair = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (access_key, secret_key) = pair.split_once(':')?;
    if secret_key.is_empty() && prefix.matches(access_key) && access_key.matches('_').count() == 2 {
        return Some(access_key.to_owned());
    }
    let split_right = access_key.matches('_').count() == 1 && !secret_key.contains('_');
    split_right.then(|| format!("{access_key}_{secret_key}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(headers: &[(&str, &str)]) -> Result<String, BadCredential> {
        match Credential::in_headers(headers.iter().copied(), &"ak".parse().unwrap())? {
            Credential::Token(text) => Ok(format!("token {text}")),
            Credential::Jwt(text) => Ok(format!("jwt {text}")),
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
    fn basic_holds_a_pair_or_a_whole_token_and_no_password() {
        let with = |scheme: &str, pair: &str| {
            found(&[("authorization", &format!("{scheme}{}", STANDARD.encode(pair)))])
        };
        let token = Ok("token ak_a_b".to_owned());
        for scheme in ["Basic ", "basic ", "BASIC   "] {
            assert_eq!(with(scheme, "ak_a:b"), token, "{scheme}");
            assert_eq!(with(scheme, "ak_a_b:"), token, "{scheme}");
        }
        for pair in [
            "ak_a_b",
            "ak_a_b:ak_a_b",
            "ak_a_b:b",
            "ak_a_b: ",
            "ak_a_b::",
            ":ak_a_b",
            "ak:a_b",
            "xy_a_b:",
            "ak_a_b_c:",
            "ak_a:b_c",
            ":",
            "",
        ] {
            assert_eq!(with("Basic ", pair), Err(BadCredential::Malformed), "{pair}");
        }
        // RFC 7617 takes base64 with its padding, and the alphabet with + and /.
        for encoded in
            ["YWtfYV9iOg", "YWtfYV9iOg=", "YWtfYV9iOg==\n=", "YWtf YV9iOg==", "YWtfYTo_", "YWtfYToK/w=="]
        {
            let bad = found(&[("authorization", &format!("Basic {encoded}"))]);
            assert_eq!(bad, Err(BadCredential::Malformed), "{encoded}");
        }
        assert_eq!(found(&[("authorization", "Basic YWtfYV9iOg==")]), token);
        assert_eq!(found(&[("authorization", "BasicYWtfYV9iOg==")]), Err(BadCredential::Malformed));
    }

    /// Each input is the lines of a header block, with `|` for the end of a line.
    #[test]
    fn fuzzed_headers_hold_one_credential_wherever_it_stands() {
        fuzz::texts("credential").play(|text| {
            let lines = text.split('|').filter_map(|line| line.split_once(": "));
            let headers: Vec<_> = lines.collect();
            let of_credentials =
                headers.iter().filter(|(name, _)| Credential::HEADERS.contains(name)).count();
            let credential = found(&headers);
            let reversed: Vec<_> = headers.iter().rev().copied().chain([("accept", "x")]).collect();
            assert_eq!(found(&reversed), credential, "other headers, and their order, change nothing");
            match (of_credentials, &credential) {
                (0, Err(BadCredential::None))
                | (2.., Err(BadCredential::Several))
                | (1, Err(BadCredential::Malformed)) => {}
                (1, Ok(found)) => {
                    let (_, found) = found.split_once(' ').unwrap();
                    // What a pair holds is taken as it is.
                    assert!(found.trim() == found || text.to_ascii_lowercase().contains("basic "));
                }
                other => panic!("{other:?}"),
            }
            let Ok(token) = credential.as_ref().map(|found| found.strip_prefix("token ")) else {
                return false;
            };
            if let Some(token) = token.filter(|token| token.starts_with("ak_") && token.trim() == *token) {
                // The same token in every way of presenting it.
                assert_eq!(found(&[("x-access-key", token)]), credential);
                assert_eq!(found(&[("authorization", &format!("bearer {token}"))]), credential);
                if token.matches('_').count() == 2 && !token.contains(':') {
                    let pair = STANDARD.encode(format!("{token}:"));
                    assert_eq!(found(&[("authorization", &format!("Basic {pair}"))]), credential);
                }
            }
            true
        });
    }

    #[test]
    fn none_several_and_malformed_are_refused() {
        assert_eq!(found(&[("accept", "x")]), Err(BadCredential::None));
        let two = [("x-access-key", "ak_a_b"), ("authorization", "Bearer a.b.c")];
        assert_eq!(found(&two), Err(BadCredential::Several));
        let twice = [("x-access-key", "ak_a_b"), ("x-access-key", "ak_a_b")];
        assert_eq!(found(&twice), Err(BadCredential::Several));
        for value in ["", "Bearer", "Digest a", "Basic ????", "Basic YQ==", "ak_a_b"] {
            assert_eq!(found(&[("authorization", value)]), Err(BadCredential::Malformed), "{value}");
        }
    }
}
