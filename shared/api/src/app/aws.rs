//! The configuration of AWS clients: lean, because it is part of every start.

use std::time::Duration;

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_sdk_dynamodb::config::{
    BehaviorVersion, IdentityCache, StalledStreamProtectionConfig,
    endpoint::{DefaultResolver, Params, ResolveEndpoint as _},
    retry::RetryConfig,
    timeout::TimeoutConfig,
};
use aws_types::{SdkConfig, region::Region};
use http::Request;
use tokio::time::timeout;

use super::{
    environment::{BadSetting, Environment},
    http::{BoxError, Exchange, ExchangeFailure, Http},
    roots::roots,
};
use crate::error_chain::causes;

/// How long the start waits for a connection. A slower one is left to the request that needs it.
const CONNECT_AT_START_TIMEOUT: Duration = Duration::from_secs(1);

/// The configuration of AWS clients: one HTTP client, and credentials from the environment.
///
/// The SDK's own loader brings profiles, instance metadata, single sign-on and a hundred root certificates. A
/// function uses none of them. It needs no cache of credentials either, for they do not change, and no guard
/// against stalled streams, for every body is in memory and every attempt has a time limit.
#[derive(Debug, Clone)]
pub struct Aws {
    config: SdkConfig,
    http: Http,
    dynamodb: Option<String>,
    secrets_manager: Option<String>,
}

impl Aws {
    /// Reads region, credentials, time limits and retries from the environment.
    pub fn new(environment: &Environment) -> Result<Self, BadSetting> {
        let milliseconds = |name, otherwise| environment.parse_or(name, otherwise).map(Duration::from_millis);
        let connect_within = milliseconds("CONNECT_TIMEOUT_MS", 1_000)?;
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(milliseconds("ATTEMPT_TIMEOUT_MS", 2_000)?)
            .operation_timeout(milliseconds("OPERATION_TIMEOUT_MS", 10_000)?)
            .build();
        let retries = RetryConfig::standard()
            .with_max_attempts(environment.parse_or("MAX_ATTEMPTS", 4)?)
            .with_initial_backoff(milliseconds("BASE_BACKOFF_MS", 50)?);
        let credentials = Credentials::new(
            environment.required("AWS_ACCESS_KEY_ID")?,
            environment.required("AWS_SECRET_ACCESS_KEY")?,
            environment.optional("AWS_SESSION_TOKEN"),
            None,
            "environment",
        );
        let http = Http::new(roots(environment)?, connect_within);
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(environment.required("AWS_REGION")?))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .identity_cache(IdentityCache::no_cache())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .timeout_config(timeouts)
            .retry_config(retries)
            .http_client(http.clone())
            .build();
        Ok(Self {
            config,
            http,
            dynamodb: environment.endpoint("AWS_ENDPOINT_URL_DYNAMODB"),
            secrets_manager: environment.endpoint("AWS_ENDPOINT_URL_SECRETS_MANAGER"),
        })
    }

    /// Returns the configuration for the client of any other service.
    #[must_use]
    pub const fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// Sends a request once, as it is, over the connections of the clients, and reads the answer within a time limit.
    pub async fn exchange(
        &self,
        request: Request<Vec<u8>>,
        within: Duration,
    ) -> Result<Exchange, ExchangeFailure> {
        self.http.exchange(request, within).await
    }

    /// Makes a client of `DynamoDB`.
    #[must_use]
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let mut config = aws_sdk_dynamodb::config::Builder::from(&self.config);
        config.set_endpoint_url(self.dynamodb.clone());
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// Opens the connection that the first request to the table will use.
    ///
    /// A failure is logged and left to that request.
    pub(crate) async fn connect_to_dynamodb(&self) {
        match timeout(CONNECT_AT_START_TIMEOUT, self.ask_for_health()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(causes = causes(&*error), "could not connect to DynamoDB yet");
            }
            Err(_) => tracing::warn!("DynamoDB does not answer yet"),
        }
    }

    /// Asks for `DynamoDB`'s health page: a `GET` of its root, which anyone may send.
    async fn ask_for_health(&self) -> Result<(), BoxError> {
        let region = self.config.region().map(ToString::to_string);
        self.http.open(&dynamodb_endpoint(region, self.dynamodb.clone()).await?).await
    }

    /// Makes a client of Secrets Manager.
    #[must_use]
    pub fn secrets_manager(&self) -> aws_sdk_secretsmanager::Client {
        let mut config = aws_sdk_secretsmanager::config::Builder::from(&self.config);
        config.set_endpoint_url(self.secrets_manager.clone());
        aws_sdk_secretsmanager::Client::from_conf(config.build())
    }
}

/// Returns the URL at which the SDK's client finds `DynamoDB`.
async fn dynamodb_endpoint(region: Option<String>, given: Option<String>) -> Result<String, BoxError> {
    let place = Params::builder().set_region(region).set_endpoint(given).build()?;
    Ok(DefaultResolver::new().resolve_endpoint(&place).await?.url().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn dynamodb_is_in_the_region_unless_an_endpoint_is_given() {
        for (given, found) in [
            (None, "https://dynamodb.eu-west-1.amazonaws.com"),
            (Some("http://127.0.0.1:8000"), "http://127.0.0.1:8000"),
        ] {
            let endpoint = dynamodb_endpoint(Some("eu-west-1".to_owned()), given.map(str::to_owned)).await;
            assert_eq!(endpoint.unwrap(), found);
        }
    }
}
