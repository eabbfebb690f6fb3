use std::time::Duration;

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_sdk_dynamodb::config::{
    BehaviorVersion, IdentityCache, StalledStreamProtectionConfig, retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_types::{SdkConfig, region::Region};

use super::{BadSetting, Environment, http::Http, roots::roots};

/// What AWS clients are built from: one HTTP client, and credentials from the environment.
///
/// Leaves out what the SDK's own loader brings and a function never uses: profiles, instance
/// metadata, single sign-on, the system's hundred root certificates, a cache of credentials that do not
/// change, and a watch over streams where every body is at hand and every attempt limited in time.
#[derive(Debug, Clone)]
pub struct Aws {
    config: SdkConfig,
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
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(environment.required("AWS_REGION")?))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .identity_cache(IdentityCache::no_cache())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .timeout_config(timeouts)
            .retry_config(retries)
            .http_client(Http::new(roots(environment)?, connect_within))
            .build();
        Ok(Self {
            config,
            dynamodb: environment.optional("AWS_ENDPOINT_URL_DYNAMODB"),
            secrets_manager: environment.optional("AWS_ENDPOINT_URL_SECRETS_MANAGER"),
        })
    }

    /// Returns what the client of any other service is built from.
    #[must_use]
    pub const fn config(&self) -> &SdkConfig {
        &self.config
    }

    pub(crate) fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let mut config = aws_sdk_dynamodb::config::Builder::from(&self.config);
        config.set_endpoint_url(self.dynamodb.clone());
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    pub(crate) fn secrets_manager(&self) -> aws_sdk_secretsmanager::Client {
        let mut config = aws_sdk_secretsmanager::config::Builder::from(&self.config);
        config.set_endpoint_url(self.secrets_manager.clone());
        aws_sdk_secretsmanager::Client::from_conf(config.build())
    }
}
