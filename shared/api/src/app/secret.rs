//! One text of Secrets Manager.

use std::fmt;

use aws_sdk_secretsmanager::Client;

use super::{aws::Aws, http::BoxError};

/// A text of Secrets Manager, by its name or ARN. It keeps no value.
pub struct Secret {
    client: Client,
    id: String,
}

/// Secrets Manager failed.
#[derive(Debug, thiserror::Error)]
#[error("Secrets Manager does not answer")]
pub struct SecretFailure(#[source] pub(super) BoxError);

impl Secret {
    /// Names the secret.
    #[must_use]
    pub fn new(aws: &Aws, id: String) -> Self {
        Self { client: aws.secrets_manager(), id }
    }

    /// Reads the current value; empty if it is no text.
    pub async fn read(&self) -> Result<String, SecretFailure> {
        let answer = self.client.get_secret_value().secret_id(&self.id).send().await;
        let answer = answer.map_err(|error| SecretFailure(Box::new(error.into_service_error())))?;
        Ok(answer.secret_string().unwrap_or_default().to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Secret").field("id", &self.id).finish_non_exhaustive()
    }
}
