//! The URL at which `CloudFormation` waits for an answer: an object of its own bucket, signed for one upload.

use std::time::Duration;

use api::app::{Aws, Environment, Exchange};
use http::{Request, Uri};

use crate::resource_response::ResourceResponse;

/// The time limit of one attempt. Two attempts end within the time that is kept for the answer.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(4);

/// The attempts to send an answer. `CloudFormation` takes the same answer twice.
const MAX_SENDS: usize = 2;

/// How `CloudFormation`'s buckets begin. The region follows.
const BUCKET: &str = "cloudformation-custom-resource-response-";

/// The URLs to which answers may go.
#[derive(Debug)]
pub(crate) struct ResponseUrls {
    /// The URL of another S3, as of the local stack. No template sets it.
    endpoint: Option<String>,
}

/// The URL is not `CloudFormation`'s.
#[derive(Debug, thiserror::Error)]
#[error("ResponseURL is not that of a bucket of CloudFormation")]
pub(crate) struct ForeignUrl;

/// The answer did not arrive.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotSent {
    /// The URL can not be asked.
    #[error("the URL is none")]
    BadUrl,
    /// There is no answer.
    #[error("S3 does not answer")]
    NoAnswer(#[from] api::app::ExchangeFailure),
    /// S3 refuses the upload.
    #[error("S3 answers {0}")]
    Refused(u16),
}

impl ResponseUrls {
    pub(crate) fn from_env(environment: &Environment) -> Self {
        Self { endpoint: environment.endpoint("AWS_ENDPOINT_URL_S3") }
    }

    /// Checks that an answer may go to a URL.
    pub(crate) fn check(&self, url: &str) -> Result<(), ForeignUrl> {
        let allowed = match &self.endpoint {
            Some(endpoint) => url.strip_prefix(endpoint.as_str()).is_some_and(|path| path.starts_with('/')),
            None => is_of_cloudformation(url),
        };
        if allowed { Ok(()) } else { Err(ForeignUrl) }
    }
}

/// Tells whether a URL names an object in a bucket of `CloudFormation`: `https://<bucket>.s3.<region>.amazonaws.com/…`.
fn is_of_cloudformation(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else { return false };
    // The authority is the host alone: neither a port nor a user.
    let (Some("https"), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return false };
    let Some((bucket, service)) = authority.as_str().split_once('.') else { return false };
    let word = |text: &str| {
        !text.is_empty() && text.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-')
    };
    let service =
        service.strip_suffix(".amazonaws.com").or_else(|| service.strip_suffix(".amazonaws.com.cn"));
    let is_s3 = service.is_some_and(|service| {
        let mut labels = service.split('.');
        let first = labels.next().unwrap_or_default();
        (first == "s3" || first.starts_with("s3-")) && word(first) && labels.all(word)
    });
    bucket.strip_prefix(BUCKET).is_some_and(word) && is_s3
}

/// Sends the answer.
pub(crate) async fn send(aws: &Aws, url: &str, answer: &ResourceResponse) -> Result<(), NotSent> {
    let body = serde_json::to_vec(answer).expect("an answer is plain data");
    let mut sent = Err(NotSent::BadUrl);
    for _ in 0..MAX_SENDS {
        sent = put(aws, url, body.clone()).await;
        if sent.is_ok() {
            break;
        }
    }
    sent
}

async fn put(aws: &Aws, url: &str, body: Vec<u8>) -> Result<(), NotSent> {
    // The signature is over an empty content type.
    let request = Request::put(url).body(body).map_err(|_| NotSent::BadUrl)?;
    let Exchange { status, .. } = aws.exchange(request, ATTEMPT_TIMEOUT).await?;
    check_status(status)
}

fn check_status(status: u16) -> Result<(), NotSent> {
    if (200..300).contains(&status) { Ok(()) } else { Err(NotSent::Refused(status)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_goes_to_cloudformations_buckets_alone() {
        let path =
            "arn%3Aaws%3Acloudformation%3Aeu-west-1%3A1%3Astack/a?X-Amz-Signature=0&X-Amz-Expires=7200";
        let urls = ResponseUrls { endpoint: None };
        for host in [
            "cloudformation-custom-resource-response-euwest1.s3.eu-west-1.amazonaws.com",
            "cloudformation-custom-resource-response-useast1.s3.amazonaws.com",
            "cloudformation-custom-resource-response-uswest2.s3-us-west-2.amazonaws.com",
            "cloudformation-custom-resource-response-cnnorth1.s3.cn-north-1.amazonaws.com.cn",
        ] {
            assert!(urls.check(&format!("https://{host}/{path}")).is_ok(), "{host}");
            assert!(urls.check(&format!("http://{host}/{path}")).is_err(), "{host}");
            assert!(urls.check(&format!("https://{host}:8443/{path}")).is_err(), "{host}");
            assert!(urls.check(&format!("https://user@{host}/{path}")).is_err(), "{host}");
            assert!(urls.check(&format!("https://evil.example/{host}/{path}")).is_err(), "{host}");
            assert!(urls.check(&format!("https://{host}.evil.example/{path}")).is_err(), "{host}");
        }
        for host in [
            "evil.s3.eu-west-1.amazonaws.com",
            "cloudformation-custom-resource-response-.s3.amazonaws.com",
            "cloudformation-custom-resource-response-euwest1.evil.amazonaws.com",
            "cloudformation-custom-resource-response-euwest1.s3.amazonaws.com.evil.example",
            "cloudformation-custom-resource-response-euwest1.s3.evil@amazonaws.com",
            "cloudformation-custom-resource-response-euwest1.s3evil.amazonaws.com",
            "cloudformation-custom-resource-response-euwest1.amazonaws.com",
            "x.cloudformation-custom-resource-response-euwest1.s3.amazonaws.com",
            "127.0.0.1",
        ] {
            assert!(urls.check(&format!("https://{host}/{path}")).is_err(), "{host}");
        }
        for url in
            ["", "/", "https://", "file:///etc/passwd", "cloudformation-custom-resource-response-euwest1"]
        {
            assert!(urls.check(url).is_err(), "{url}");
        }
    }

    #[test]
    fn with_an_endpoint_of_its_own_an_answer_goes_there_alone() {
        let urls = ResponseUrls { endpoint: Some("http://127.0.0.1:4566".to_owned()) };
        assert!(urls.check("http://127.0.0.1:4566/bucket/answer").is_ok());
        for url in [
            "http://127.0.0.1:45667/bucket",
            "http://127.0.0.1:4566@evil.example/bucket",
            "https://cloudformation-custom-resource-response-euwest1.s3.eu-west-1.amazonaws.com/a",
        ] {
            assert!(urls.check(url).is_err(), "{url}");
        }
    }

    #[test]
    fn an_upload_is_done_with_a_status_of_success_alone() {
        for (status, is_done) in [(199, false), (200, true), (299, true), (300, false)] {
            assert_eq!(check_status(status).is_ok(), is_done, "{status}");
        }
    }

    /// Returns the host of a URL and what follows it; `None` if the URL is not an `https` one.
    fn host_of(url: &str) -> Option<(&str, &str)> {
        let (scheme, rest) = url.split_at_checked("https://".len())?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        scheme.eq_ignore_ascii_case("https://").then(|| rest.split_at(end))
    }

    /// Tells whether a host is an S3 bucket of `CloudFormation`. A user or a port brings a character that no label has.
    fn is_bucket(host: &str) -> bool {
        let is_plain = |c| matches!(c, 'a'..='z' | '0'..='9' | '-');
        let is_label = |label: &str| !label.is_empty() && label.chars().all(is_plain);
        let labels: Vec<_> = host.split('.').collect();
        let bucket = labels[0].strip_prefix("cloudformation-custom-resource-response-");
        let service = labels.get(1).copied().unwrap_or_default();
        bucket.is_some_and(is_label)
            && labels.iter().copied().all(is_label)
            && (service == "s3" || service.starts_with("s3-"))
            && (host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn"))
    }

    #[test]
    fn fuzzed_urls_of_answers_are_those_of_cloudformations_buckets_alone() {
        fuzz::texts("response_url").play(|text| {
            let is_taken = is_of_cloudformation(text);
            let Some((host, rest)) = host_of(text) else {
                assert!(!is_taken);
                return false;
            };
            assert!(!is_taken || is_bucket(host), "{host}");
            let is_path = rest.chars().all(|c| c.is_ascii_alphanumeric() || "/?%=&+-._~".contains(c));
            assert!(is_taken || !is_path || !is_bucket(host), "{host}");
            is_taken
        });
    }
}
