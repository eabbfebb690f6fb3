//! Signs requests to a `DynamoDB` that checks signatures.

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use jiff::Timestamp;

/// The credentials and the region of the person who runs the stack.
#[derive(Debug, Clone)]
pub(super) struct Signer {
    credentials: Credentials,
    region: String,
}

const SERVICE: &str = "dynamodb";

impl Signer {
    /// Takes the credentials and the region of the environment; `None` if one of them is missing.
    #[expect(
        clippy::disallowed_methods,
        reason = "the credentials of the person who runs the stack are there"
    )]
    pub(super) fn from_environment() -> Option<Self> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let credentials = Credentials::new(
            variable("AWS_ACCESS_KEY_ID")?,
            variable("AWS_SECRET_ACCESS_KEY")?,
            variable("AWS_SESSION_TOKEN"),
            None,
            "environment",
        );
        Some(Self { credentials, region: variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"))? })
    }

    /// Returns the headers that sign a POST of a body to `/`.
    pub(super) fn headers(
        &self,
        host: &str,
        target: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Vec<(String, String)> {
        let identity = self.credentials.clone().into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(SERVICE)
            .time(now.try_into().expect("the present is a time of the system"))
            .settings(SigningSettings::default())
            .build()
            .expect("every parameter is given")
            .into();
        let signed = [("host", host), ("x-amz-target", target)];
        let url = format!("https://{host}/");
        let request = SignableRequest::new("POST", url, signed.into_iter(), SignableBody::Bytes(body));
        let signed = request.and_then(|request| sign(request, &parameters));
        let (instructions, _) = signed.expect("the host of a URL can be signed").into_parts();
        let headers = instructions.headers();
        headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_equals_the_one_of_an_independent_signer() {
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        let credentials = Credentials::new("AKIDEXAMPLE", secret, None, None, "test");
        let signer = Signer { credentials, region: "us-east-1".to_owned() };
        let host = "dynamodb.us-east-1.amazonaws.com";
        let time = Timestamp::from_second(1_440_938_160).unwrap();
        let headers = signer.headers(host, "DynamoDB_20120810.ListTables", b"{}", time);
        assert!(headers.contains(&("x-amz-date".to_owned(), "20150830T123600Z".to_owned())), "{headers:?}");
        let signature = "Signature=2dfbf2a7f6f768d2971a2b69c6947344e77771cf584317d143ff3d1777a62df9";
        let authorization = headers.iter().find(|(name, _)| name == "authorization");
        assert!(authorization.is_some_and(|(_, value)| value.ends_with(signature)), "{headers:?}");
    }
}
