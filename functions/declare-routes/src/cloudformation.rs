//! `CloudFormation`'s API: what it says of stacks and their resources.
//!
//! Signed by hand, because the SDK's client would make the function a third larger for four reads.

mod xml;

use std::time::{Duration, SystemTime};

use api::app::{Aws, BadSetting, Clock, Environment, Exchange, ExchangeFailure};
use aws_credential_types::provider::{ProvideCredentials as _, error::CredentialsError};
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningError, SigningSettings, sign},
    sign::v4,
};
use form_urlencoded::Serializer;
use http::Request;

use self::xml::QueryResponse;
pub(crate) use self::xml::{BadXml, Record};
use crate::stack_id::StackId;

/// The time limit of one attempt.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(4);

/// The most attempts of a call while `CloudFormation` throttles or fails.
const MAX_ATTEMPTS: u32 = 4;

/// The most pages of a stack's resources. A stack has at most 500, and a page 100.
const MAX_PAGES: usize = 10;

const VERSION: &str = "2010-05-15";

/// A client of `CloudFormation` in the region of our own stack.
#[derive(Debug)]
pub(crate) struct CloudFormation {
    aws: Aws,
    endpoint: String,
    region: String,
    clock: Clock,
}

/// `CloudFormation` did not say what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallFailure {
    /// There are no credentials.
    #[error("there are no credentials")]
    Credentials(#[from] CredentialsError),
    /// The request cannot be signed.
    #[error("the request cannot be signed")]
    Signing(#[from] SigningError),
    /// There is no answer.
    #[error("no answer to {operation}")]
    NoAnswer {
        /// The operation.
        operation: &'static str,
        /// Why.
        #[source]
        source: ExchangeFailure,
    },
    /// It answers an error.
    #[error("{operation} answers {code} ({status})")]
    Refused {
        /// The operation.
        operation: &'static str,
        /// `CloudFormation`'s code of the error.
        code: String,
        /// The HTTP status.
        status: u16,
    },
    /// The answer is no XML.
    #[error("the answer to {operation} cannot be read")]
    Unreadable {
        /// The operation.
        operation: &'static str,
        /// Why.
        #[source]
        source: BadXml,
    },
}

impl CallFailure {
    /// Tells whether what was asked for does not exist. `CloudFormation` has no code of its own for it.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if code == "ValidationError")
    }

    fn may_pass(&self) -> bool {
        match self {
            Self::NoAnswer { .. } => true,
            Self::Refused { code, status, .. } => *status >= 500 || code.starts_with("Throttling"),
            _ => false,
        }
    }
}

impl CloudFormation {
    pub(crate) fn from_env(environment: &Environment, aws: &Aws, own: &StackId) -> Result<Self, BadSetting> {
        let region = environment.required("AWS_REGION")?;
        let endpoint = environment
            .endpoint("AWS_ENDPOINT_URL_CLOUDFORMATION")
            .unwrap_or_else(|| format!("https://cloudformation.{region}.{}", own.url_suffix()));
        Ok(Self { aws: aws.clone(), endpoint, region, clock: Clock::default() })
    }

    /// Describes one resource of a stack; `None` if there is none, or no such stack.
    pub(crate) async fn resource(
        &self,
        stack_id: &str,
        logical_id: &str,
    ) -> Result<Option<Record>, CallFailure> {
        let fields = [("StackName", stack_id), ("LogicalResourceId", logical_id)];
        found(self.call("DescribeStackResource", &fields).await)
            .map(|answer| answer.and_then(QueryResponse::first))
    }

    /// Describes a stack; `None` if there is none.
    pub(crate) async fn stack(&self, stack_id: &str) -> Result<Option<Record>, CallFailure> {
        found(self.call("DescribeStacks", &[("StackName", stack_id)]).await)
            .map(|answer| answer.and_then(QueryResponse::first))
    }

    /// Returns a resource of the stack that has one of this physical id; `None` if no stack has.
    pub(crate) async fn resource_beside(&self, physical_id: &str) -> Result<Option<Record>, CallFailure> {
        found(self.call("DescribeStackResources", &[("PhysicalResourceId", physical_id)]).await)
            .map(|answer| answer.and_then(QueryResponse::first))
    }

    /// Tells whether any resource of a stack is as asked.
    pub(crate) async fn any_resource(
        &self,
        stack_id: &str,
        is_wanted: impl Fn(&Record) -> bool,
    ) -> Result<bool, CallFailure> {
        let mut next: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let mut fields = vec![("StackName", stack_id)];
            fields.extend(next.as_deref().map(|token| ("NextToken", token)));
            let Some(answer) = found(self.call("ListStackResources", &fields).await)? else {
                return Ok(false);
            };
            if answer.records.iter().any(&is_wanted) {
                return Ok(true);
            }
            next = answer.next_token;
            if next.is_none() {
                return Ok(false);
            }
        }
        Ok(false)
    }

    async fn call(
        &self,
        operation: &'static str,
        fields: &[(&str, &str)],
    ) -> Result<QueryResponse, CallFailure> {
        let mut form = Serializer::new(String::new());
        form.append_pair("Action", operation).append_pair("Version", VERSION).extend_pairs(fields);
        let body = form.finish();
        let mut attempt = 0;
        loop {
            let failure = match self.attempt(operation, &body).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            attempt += 1;
            if attempt == MAX_ATTEMPTS || !failure.may_pass() {
                return Err(failure);
            }
            tokio::time::sleep(Duration::from_millis(100 << attempt)).await;
        }
    }

    async fn attempt(&self, operation: &'static str, body: &str) -> Result<QueryResponse, CallFailure> {
        let request = self.signed(body).await?;
        let Exchange { status, body } = self
            .aws
            .exchange(request, ATTEMPT_TIMEOUT)
            .await
            .map_err(|source| CallFailure::NoAnswer { operation, source })?;
        read(operation, status, &body)
    }

    async fn signed(&self, body: &str) -> Result<Request<Vec<u8>>, CallFailure> {
        let provider = self.aws.config().credentials_provider();
        let provider = provider.ok_or_else(CredentialsError::not_loaded_no_source)?;
        let identity = provider.provide_credentials().await?.into();
        let now = u64::try_from(self.clock.now().seconds()).unwrap_or(0);
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("cloudformation")
            .time(SystemTime::UNIX_EPOCH + Duration::from_secs(now))
            .settings(SigningSettings::default())
            .build()
            .expect("every parameter is given")
            .into();
        let kind = "application/x-www-form-urlencoded";
        let url = format!("{}/", self.endpoint);
        let headers = [("content-type", kind)].into_iter();
        let request = SignableRequest::new("POST", &url, headers, SignableBody::Bytes(body.as_bytes()))?;
        let (instructions, _) = sign(request, &parameters)?.into_parts();
        let mut signed = Request::post(&url)
            .header("content-type", kind)
            .body(body.as_bytes().to_vec())
            .expect("the endpoint is a URL, or it could not be signed");
        instructions.apply_to_request_http1x(&mut signed);
        Ok(signed)
    }
}

/// Reads the answer to an operation.
fn read(operation: &'static str, status: u16, body: &[u8]) -> Result<QueryResponse, CallFailure> {
    let answer = QueryResponse::parse(body);
    if !(200..300).contains(&status) {
        let error = answer.ok().and_then(QueryResponse::first).unwrap_or_default();
        let code = error.get("Code").unwrap_or("no code").to_owned();
        return Err(CallFailure::Refused { operation, code, status });
    }
    answer.map_err(|source| CallFailure::Unreadable { operation, source })
}

/// Turns the error of something that does not exist into nothing.
fn found<T>(answer: Result<T, CallFailure>) -> Result<Option<T>, CallFailure> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(failure) if failure.is_not_found() => Ok(None),
        Err(failure) => Err(failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throttling_and_failures_of_cloudformation_may_pass_and_refusals_do_not() {
        for (code, status, may_pass) in [
            ("Throttling", 400, true),
            ("ThrottlingException", 400, true),
            ("InternalFailure", 500, true),
            ("ServiceUnavailable", 503, true),
            ("ValidationError", 400, false),
            ("AccessDenied", 499, false),
        ] {
            let failure = CallFailure::Refused { operation: "DescribeStacks", code: code.to_owned(), status };
            assert_eq!(failure.may_pass(), may_pass, "{failure}");
        }
    }

    #[test]
    fn an_answer_is_read_with_a_status_of_success_alone() {
        for (status, is_read) in [(199, false), (200, true), (299, true), (300, false)] {
            let answer = read("DescribeStacks", status, b"<Response></Response>");
            assert_eq!(answer.is_ok(), is_read, "{status}");
        }
    }
}
