//! The signature of GitHub's secret scanning.

use std::{collections::HashMap, str::FromStr};

use api::Request;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::Error;
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};

/// The start of every DER public key on P-256 (RFC 5480), before its point of 65 bytes.
const P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// The public keys of GitHub's secret scanning, by identifier, as the template's `GithubPublicKeys` gives
/// them: `{"<identifier>": "-----BEGIN PUBLIC KEY-----\n…"}`.
#[derive(Debug, Default)]
pub struct GithubKeys(HashMap<String, Vec<u8>>);

impl FromStr for GithubKeys {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let keys: HashMap<String, String> = serde_json::from_str(text)
            .map_err(|error| format!("must be a JSON object from identifier to public key: {error}"))?;
        let point = |(identifier, pem): (String, String)| match point(&pem) {
            Some(point) => Ok((identifier, point)),
            None => Err(format!("{identifier:?} must be a public key on P-256, as PEM")),
        };
        Ok(Self(keys.into_iter().map(point).collect::<Result<_, _>>()?))
    }
}

/// Reads the point of a public key on P-256.
fn point(pem: &str) -> Option<Vec<u8>> {
    let body = pem.trim().strip_prefix("-----BEGIN PUBLIC KEY-----")?;
    let body: String = body.strip_suffix("-----END PUBLIC KEY-----")?.split_whitespace().collect();
    let der = STANDARD.decode(body).ok()?;
    let point = der.strip_prefix(&P256)?;
    (point.len() == 65).then(|| point.to_vec())
}

impl GithubKeys {
    /// Refuses every message where no key of GitHub is configured, as if there were no such route.
    pub(crate) fn check_configured(&self) -> Result<(), Error> {
        if self.0.is_empty() { Err(Error::NotFound { what: "route" }) } else { Ok(()) }
    }

    /// Refuses a body that GitHub did not sign.
    pub(crate) fn check_signature(&self, request: &Request<()>) -> Result<(), Error> {
        let header = |name| request.headers(name).next().unwrap_or_default();
        let (identifier, signature) =
            (header("github-public-key-identifier"), header("github-public-key-signature"));
        if self.signed(identifier, signature, request.bytes()) {
            return Ok(());
        }
        Err(Error::Forbidden {
            needs: "GitHub's signature of the body, by a key that is known here".to_owned(),
        })
    }

    fn signed(&self, identifier: &str, signature: &str, body: &[u8]) -> bool {
        let (Some(point), Ok(signature)) = (self.0.get(identifier), STANDARD.decode(signature)) else {
            return false;
        };
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(body, &signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of GitHub's documentation of its partner program, signed with a key for tests.
    const BODY: &[u8] =
        br#"[{"token":"some_token","type":"some_type","url":"some_url","source":"some_source"}]"#;
    const IDENTIFIER: &str = "f9525bf080f75b3506ca1ead061add62b8633a346606dc5fe544e29231c6ee0d";
    const SIGNATURE: &str =
        "MEUCIFLZzeK++IhS+y276SRk2Pe5LfDrfvTXu6iwKKcFGCrvAiEAhHN2kDOhy2I6eGkOFmxNkOJ+L2y8oQ9A2T9GGJo6WJY=";
    const PEM: &str = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEsz9ugWDj5jK5ELBK42ynytbo38gP\nHzZFI03Exwz8Lh/tCfL3YxwMdLjB+bMznsanlhK0RwcGP3IDb34kQDIo3Q==\n-----END PUBLIC KEY-----\n";

    #[test]
    fn the_example_of_githubs_documentation_is_signed_and_nothing_else() {
        let setting = serde_json::json!({IDENTIFIER: PEM}).to_string();
        let keys: GithubKeys = setting.parse().unwrap();
        assert!(keys.signed(IDENTIFIER, SIGNATURE, BODY));
        assert!(!keys.signed(IDENTIFIER, SIGNATURE, &BODY[1..]));
        assert!(!keys.signed(&IDENTIFIER[1..], SIGNATURE, BODY));
        for signature in ["", "?", &SIGNATURE[4..], &SIGNATURE.replace("MEUC", "MEUD")] {
            assert!(!keys.signed(IDENTIFIER, signature, BODY), "{signature}");
        }
    }

    #[test]
    fn settings_that_are_no_keys_are_refused() {
        assert!("{}".parse::<GithubKeys>().is_ok());
        let changed = PEM.replace("MFkw", "MFkx");
        for pem in ["", "MFkw", &PEM[1..], &changed, &PEM.replace("3Q==", "")] {
            assert!(serde_json::json!({"a": pem}).to_string().parse::<GithubKeys>().is_err(), "{pem}");
        }
        for text in ["", "[]", r#"{"a": 1}"#] {
            assert!(text.parse::<GithubKeys>().is_err(), "{text}");
        }
    }

    /// Each input is an identifier, a signature and a body, with `|` between them.
    #[test]
    fn fuzzed_signatures_are_of_one_key_and_one_body() {
        let keys: GithubKeys = serde_json::json!({IDENTIFIER: PEM}).to_string().parse().unwrap();
        let right = format!("{IDENTIFIER}|{SIGNATURE}|{}", str::from_utf8(BODY).unwrap());
        let target = fuzz::texts("github_signature").with(&right).with_check_digits();
        target.play(|text| {
            let mut parts = text.splitn(3, '|');
            let mut part = || parts.next().unwrap_or_default();
            let is_signed = keys.signed(part(), part(), part().as_bytes());
            assert_eq!(is_signed, text == right);
            is_signed
        });
    }
}
