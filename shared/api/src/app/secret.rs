//! One text of Secrets Manager.

use std::fmt;

use aws_sdk_secretsmanager::{
    Client,
    error::ProvideErrorMetadata as _,
    operation::get_secret_value::{GetSecretValueError, GetSecretValueOutput},
};

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

    /// Lists the other versions by their ids, also those without a label, as long as Secrets Manager keeps them. `None` if
    /// there are more than `limit`.
    pub async fn other_versions(
        &self,
        than: &str,
        limit: usize,
    ) -> Result<Option<Vec<String>>, SecretFailure> {
        let (mut ids, mut next) = (Vec::new(), None);
        loop {
            let request = self.client.list_secret_version_ids().secret_id(&self.id).include_deprecated(true);
            let page = request.max_results(100).set_next_token(next).send().await;
            let page = page.map_err(|error| SecretFailure(Box::new(error.into_service_error())))?;
            let listed =
                page.versions.unwrap_or_default().into_iter().filter_map(|version| version.version_id);
            ids.extend(listed.filter(|id| id != than));
            next = page.next_token.filter(|token| !token.is_empty());
            if is_beyond(ids.len(), limit) {
                return Ok(None);
            }
            if next.is_none() {
                return Ok(Some(ids));
            }
        }
    }

    /// Reads the value of a version; `None` if it has none, or if its key of KMS is out of reach, as that of an old version may be.
    pub async fn read_at(&self, version_id: &str) -> Result<Option<String>, SecretFailure> {
        match self.client.get_secret_value().secret_id(&self.id).version_id(version_id).send().await {
            Ok(answer) => Ok(answer.secret_string),
            Err(error) => match error.into_service_error() {
                error if is_out_of_reach(&error) => Ok(None),
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

/// Tells whether more are listed than are wanted at most.
const fn is_beyond(listed: usize, limit: usize) -> bool {
    listed > limit
}

/// Tells whether a version has no value, or one that this function may not decrypt.
fn is_out_of_reach(error: &GetSecretValueError) -> bool {
    error.is_resource_not_found_exception()
        || error.is_decryption_failure()
        || error.code() == Some("AccessDeniedException")
}

#[cfg(test)]
mod tests {
    use aws_sdk_secretsmanager::{
        error::ErrorMetadata,
        types::error::{DecryptionFailure, ResourceNotFoundException},
    };

    use super::*;

    #[test]
    fn only_a_version_without_a_readable_value_is_out_of_reach() {
        let error = |code: &str| GetSecretValueError::generic(ErrorMetadata::builder().code(code).build());
        let no_value = ResourceNotFoundException::builder().build();
        let unreadable = DecryptionFailure::builder().build();
        assert!(is_out_of_reach(&GetSecretValueError::ResourceNotFoundException(no_value)));
        assert!(is_out_of_reach(&GetSecretValueError::DecryptionFailure(unreadable)));
        assert!(is_out_of_reach(&error("AccessDeniedException")));
        for code in ["ThrottlingException", "InternalServiceError", ""] {
            assert!(!is_out_of_reach(&error(code)), "{code}");
        }
    }

    #[test]
    fn a_list_goes_on_until_it_is_beyond_the_limit() {
        assert!(!is_beyond(300, 300) && is_beyond(301, 300));
    }
}
