//! Reads secrets: the one operation of Secrets Manager that functions use, on the SDK's own machinery.
//!
//! The SDK's client for the service brings a tenth of a function's size, and compiles a dozen regular
//! expressions at each start to tell partitions apart.

use std::{fmt, time::SystemTime};

use aws_credential_types::Credentials;
use aws_runtime::retries::classifiers::AwsErrorCodeClassifier;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4::SigningParams,
};
use aws_smithy_runtime::client::{
    orchestrator::operation::Operation,
    retries::classifiers::{HttpStatusCodeClassifier, TransientErrorClassifier},
};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        behavior_version::BehaviorVersion,
        orchestrator::{HttpRequest, HttpResponse, OrchestratorError},
    },
};
use aws_smithy_types::{
    body::SdkBody,
    error::{ErrorMetadata, metadata::ProvideErrorMetadata},
};
use aws_types::SdkConfig;
use serde_json::{Value, json};

const SERVICE: &str = "secretsmanager";

/// Reads secrets.
#[derive(Debug, Clone)]
pub(super) struct Secrets(Operation<String, Document, Refused>);

/// The service refused.
#[derive(Debug, thiserror::Error)]
#[error("Secrets Manager answered {}", .0.code().unwrap_or("an error without a code"))]
struct Refused(ErrorMetadata);

impl ProvideErrorMetadata for Refused {
    fn meta(&self) -> &ErrorMetadata {
        &self.0
    }
}

/// A secret's value; it cannot be written by `Debug`.
struct Document(String);

impl fmt::Debug for Document {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Document([redacted])")
    }
}

impl Secrets {
    /// Builds the operation on the clients' HTTP client, time limits and retries.
    pub(super) fn new(config: &SdkConfig, credentials: Credentials, endpoint: Option<String>) -> Self {
        let region = config.region().map(ToString::to_string).unwrap_or_default();
        let endpoint = endpoint.unwrap_or_else(|| address(&region));
        let mut operation = Operation::builder()
            .service_name(SERVICE)
            .operation_name("GetSecretValue")
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(&endpoint)
            .no_auth()
            .with_connection_poisoning()
            .retry_classifier(HttpStatusCodeClassifier::default())
            .retry_classifier(TransientErrorClassifier::<Refused>::new())
            .retry_classifier(AwsErrorCodeClassifier::<Refused>::new());
        if let Some(client) = config.http_client() {
            operation = operation.http_client(client);
        }
        if let Some(retries) = config.retry_config() {
            operation = operation.standard_retry(retries);
        }
        if let Some(timeouts) = config.timeout_config() {
            operation = operation.timeout_config(timeouts.clone());
        }
        let request = move |secret_id: String| request(&endpoint, &region, &credentials, &secret_id);
        Self(operation.serializer(request).deserializer(document).build())
    }

    /// Reads the current value of a secret.
    pub(super) async fn read(&self, secret_id: &str) -> Result<String, BoxError> {
        match self.0.invoke(secret_id.to_owned()).await {
            Ok(Document(value)) => Ok(value),
            Err(error) => Err(error.into_source().unwrap_or_else(Into::into)),
        }
    }
}

/// Names the service's address; partitions without the internet set `AWS_ENDPOINT_URL_SECRETS_MANAGER`.
fn address(region: &str) -> String {
    let suffix = match region.split('-').next() {
        Some("cn") => "amazonaws.com.cn",
        Some("eusc") => "amazonaws.eu",
        _ => "amazonaws.com",
    };
    format!("https://{SERVICE}.{region}.{suffix}")
}

#[expect(clippy::disallowed_methods, reason = "a signature holds the machine's time")]
fn request(
    endpoint: &str,
    region: &str,
    credentials: &Credentials,
    secret_id: &str,
) -> Result<HttpRequest, BoxError> {
    let body = json!({ "SecretId": secret_id }).to_string();
    let headers =
        [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", "secretsmanager.GetSecretValue")];
    let identity = credentials.clone().into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(SERVICE)
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()?
        .into();
    let url = format!("{}/", endpoint.trim_end_matches('/'));
    let signable =
        SignableRequest::new("POST", url, headers.into_iter(), SignableBody::Bytes(body.as_bytes()))?;
    let (signed, _) = sign(signable, &params)?.into_parts();
    let mut request = HttpRequest::new(SdkBody::from(body.as_str()));
    request.set_method("POST")?;
    request.set_uri("/")?;
    for (name, value) in headers.into_iter().chain(signed.headers()) {
        request.headers_mut().try_insert(name.to_owned(), value.to_owned())?;
    }
    Ok(request)
}

fn document(response: &HttpResponse) -> Result<Document, OrchestratorError<Refused>> {
    let body: Value = serde_json::from_slice(response.body().bytes().unwrap_or_default()).unwrap_or_default();
    if !response.status().is_success() {
        let code = body["__type"].as_str().unwrap_or_default();
        let code = code.rsplit('#').next().unwrap_or_default();
        return Err(OrchestratorError::operation(Refused(ErrorMetadata::builder().code(code).build())));
    }
    Ok(Document(body["SecretString"].as_str().unwrap_or_default().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_signed_for_its_region_and_names_the_secret() {
        let credentials = Credentials::new("AKIDEXAMPLE", "secret", Some("token".to_owned()), None, "test");
        let request = request("https://secrets.example", "eu-west-1", &credentials, "pepper").unwrap();
        let header = |name: &str| request.headers().get(name).unwrap_or_default();
        assert!(header("authorization").contains("/eu-west-1/secretsmanager/aws4_request"));
        assert_eq!(header("x-amz-security-token"), "token");
        assert_eq!(header("x-amz-target"), "secretsmanager.GetSecretValue");
        assert_eq!(request.body().bytes(), Some(br#"{"SecretId":"pepper"}"#.as_slice()));
    }

    #[test]
    fn each_partition_has_its_address() {
        assert_eq!(address("eu-west-1"), "https://secretsmanager.eu-west-1.amazonaws.com");
        assert_eq!(address("us-gov-west-1"), "https://secretsmanager.us-gov-west-1.amazonaws.com");
        assert_eq!(address("cn-north-1"), "https://secretsmanager.cn-north-1.amazonaws.com.cn");
        assert_eq!(address("eusc-de-east-1"), "https://secretsmanager.eusc-de-east-1.amazonaws.eu");
    }

    #[test]
    fn nothing_secret_is_written_by_debug() {
        assert!(!format!("{:?}", Document("0123456789".to_owned())).contains("0123"));
    }
}
