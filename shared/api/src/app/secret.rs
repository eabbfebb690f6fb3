//! One text of Secrets Manager.

use std::fmt;

use aws_sdk_secretsmanager::{Client, operation::get_secret_value::GetSecretValueOutput};

use super::{aws::Aws, http::BoxError};

/// A text of Secrets Manager, by its name or ARN. It keeps no value.
pub struct Secret {
    client: Client,
    id: String,
}

/// The current version of a secret.
pub struct SecretVersion {
    /// Its id: the token of the write that made it, if the writer gave one.
    pub id: String,
    /// When it was made, milliseconds since 1970.
    pub created: i64,
    /// Its value; empty if it is no text.
    pub text: String,
}

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// The value is the current one.
    Done,
    /// Another value was written with this token before. Nothing has changed.
    TokenTaken,
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
        Ok(self.get().await?.secret_string.unwrap_or_default())
    }

    /// Reads the current version.
    pub async fn read_version(&self) -> Result<SecretVersion, SecretFailure> {
        let answer = self.get().await?;
        Ok(SecretVersion {
            id: answer.version_id.unwrap_or_default(),
            created: answer.created_date.and_then(|date| date.to_millis().ok()).unwrap_or_default(),
            text: answer.secret_string.unwrap_or_default(),
        })
    }

    /// Writes a value and makes it the current one. A repeat with the same token and value changes nothing.
    pub async fn put(&self, token: &str, text: String) -> Result<Put, SecretFailure> {
        let put = self.client.put_secret_value().secret_id(&self.id).client_request_token(token);
        match put.secret_string(text).send().await {
            Ok(_) => Ok(Put::Done),
            Err(error) => match error.into_service_error() {
                error if error.is_resource_exists_exception() => Ok(Put::TokenTaken),
                error => Err(SecretFailure(Box::new(error))),
            },
        }
    }

    async fn get(&self) -> Result<GetSecretValueOutput, SecretFailure> {
        let answer = self.client.get_secret_value().secret_id(&self.id).send().await;
        answer.map_err(|error| SecretFailure(Box::new(error.into_service_error())))
    }
}

impl fmt::Debug for SecretVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SecretVersion").field("id", &self.id).finish_non_exhaustive()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Secret").field("id", &self.id).finish_non_exhaustive()
    }
}
