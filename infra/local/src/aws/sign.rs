//! Signs requests to a `DynamoDB` that checks signatures: AWS Signature Version 4.

use std::fmt::Write as _;

use jiff::Timestamp;
use ring::{digest, hmac};

/// The credentials and the region of whoever runs the stack.
#[derive(Clone)]
pub(super) struct Signer {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    region: String,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        formatter.debug_struct("Signer").field("region", &self.region).finish_non_exhaustive()
    }
}

const SERVICE: &str = "dynamodb";

impl Signer {
    /// Takes the credentials and the region of the environment; `None` where one is missing.
    #[expect(clippy::disallowed_methods, reason = "the credentials of whoever runs the stack are there")]
    pub(super) fn from_environment() -> Option<Self> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        Some(Self {
            access_key_id: variable("AWS_ACCESS_KEY_ID")?,
            secret_access_key: variable("AWS_SECRET_ACCESS_KEY")?,
            session_token: variable("AWS_SESSION_TOKEN"),
            region: variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"))?,
        })
    }

    /// Returns the headers that sign a POST of a body to `/`.
    pub(super) fn headers(
        &self,
        host: &str,
        target: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Vec<(&'static str, String)> {
        let time = now.strftime("%Y%m%dT%H%M%SZ").to_string();
        let mut headers = vec![("host", host.to_owned()), ("x-amz-date", time.clone())];
        if let Some(token) = &self.session_token {
            headers.push(("x-amz-security-token", token.clone()));
        }
        headers.push(("x-amz-target", target.to_owned()));

        let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
        let lines = headers
            .iter()
            .map(|(name, value)| format!("{name}:{}\n", value.trim()))
            .collect::<Vec<_>>()
            .concat();
        let request = format!("POST\n/\n\n{lines}\n{names}\n{}", sha256(body));
        let date = &time[..8];
        let scope = format!("{date}/{}/{SERVICE}/aws4_request", self.region);
        let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", sha256(request.as_bytes()));
        let secret = format!("AWS4{}", self.secret_access_key).into_bytes();
        let key =
            [date, &self.region, SERVICE, "aws4_request"].iter().fold(secret, |key, part| mac(&key, part));
        let signature = hex(&mac(&key, &to_sign));
        let credential = format!("{}/{scope}", self.access_key_id);
        let authorization =
            format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={signature}");
        headers.push(("authorization", authorization));
        headers.retain(|(name, _)| !matches!(*name, "host" | "x-amz-target"));
        headers
    }
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_what_an_independent_signer_makes_of_it() {
        let signer = Signer {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
            session_token: None,
            region: "us-east-1".to_owned(),
        };
        let host = "dynamodb.us-east-1.amazonaws.com";
        let time = Timestamp::from_second(1_440_938_160).unwrap();
        let headers = signer.headers(host, "DynamoDB_20120810.ListTables", b"{}", time);
        assert_eq!(headers[0], ("x-amz-date", "20150830T123600Z".to_owned()));
        assert!(
            headers[1]
                .1
                .ends_with("Signature=2dfbf2a7f6f768d2971a2b69c6947344e77771cf584317d143ff3d1777a62df9"),
            "{}",
            headers[1].1
        );
    }
}
