//! The versions of a secret and their staging labels, in Secrets Manager.

use std::{collections::HashMap, error::Error};

use aws_sdk_secretsmanager::{Client, error::SdkError, operation::get_secret_value::GetSecretValueError};

use crate::stop::{SecretsManagerFailure, Stop};

const CURRENT: &str = "AWSCURRENT";
const PENDING: &str = "AWSPENDING";

/// Reads and writes the versions of secrets.
#[derive(Debug)]
pub(crate) struct Versions(Client);

/// Where a rotation stands.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The version waits to become the current one.
    Pending {
        /// The version that is current until then.
        current: Option<String>,
    },
    /// The version is the current one.
    Current,
}

impl Versions {
    pub(crate) const fn new(client: Client) -> Self {
        Self(client)
    }

    /// Finds out where the rotation of a version stands, as the templates of AWS do.
    pub(crate) async fn stage(&self, secret_id: &str, version: &str) -> Result<Stage, Stop> {
        let described = self.0.describe_secret().secret_id(secret_id).send().await;
        let described = described.map_err(|error| failure("DescribeSecret", error))?;
        if described.rotation_enabled() != Some(true) {
            return Err(Stop::NotEnabled);
        }
        stage(described.version_ids_to_stages(), version)
    }

    /// Reads the current value.
    pub(crate) async fn current(&self, secret_id: &str) -> Result<String, Stop> {
        self.read(secret_id, None, CURRENT).await?.ok_or(Stop::NoCurrent)
    }

    /// Reads the value of a pending version; `None` if it has none yet.
    pub(crate) async fn pending(&self, secret_id: &str, version: &str) -> Result<Option<String>, Stop> {
        self.read(secret_id, Some(version.to_owned()), PENDING).await
    }

    async fn read(
        &self,
        secret_id: &str,
        version: Option<String>,
        stage: &str,
    ) -> Result<Option<String>, Stop> {
        let request = self.0.get_secret_value().secret_id(secret_id).version_stage(stage);
        match request.set_version_id(version).send().await {
            Ok(read) => Ok(Some(read.secret_string().unwrap_or_default().to_owned())),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(GetSecretValueError::is_resource_not_found_exception) =>
            {
                Ok(None)
            }
            Err(error) => Err(failure("GetSecretValue", error).into()),
        }
    }

    /// Stores the value of a pending version. A repeat stores nothing twice.
    pub(crate) async fn put_pending(
        &self,
        secret_id: &str,
        version: &str,
        value: String,
    ) -> Result<(), Stop> {
        let request = self.0.put_secret_value().secret_id(secret_id).client_request_token(version);
        let put = request.secret_string(value).version_stages(PENDING).send().await;
        put.map_err(|error| failure("PutSecretValue", error))?;
        Ok(())
    }

    /// Makes a version the current one. A lost reply leads to a refused repeat, so a failure asks where the label is.
    pub(crate) async fn make_current(
        &self,
        secret_id: &str,
        from: Option<String>,
        version: &str,
    ) -> Result<(), Stop> {
        let request = self.0.update_secret_version_stage().secret_id(secret_id).version_stage(CURRENT);
        let request = request.set_remove_from_version_id(from).move_to_version_id(version);
        let Err(error) = request.send().await else { return Ok(()) };
        match self.stage(secret_id, version).await {
            Ok(Stage::Current) => Ok(()),
            _ => Err(failure("UpdateSecretVersionStage", error).into()),
        }
    }

    /// Takes the label off a pending version, so that the next rotation begins with another one.
    pub(crate) async fn discard_pending(&self, secret_id: &str, version: &str) -> Result<(), Stop> {
        let request = self.0.update_secret_version_stage().secret_id(secret_id).version_stage(PENDING);
        let discarded = request.remove_from_version_id(version).send().await;
        discarded.map_err(|error| failure("UpdateSecretVersionStage", error))?;
        Ok(())
    }
}

fn stage(stages: Option<&HashMap<String, Vec<String>>>, version: &str) -> Result<Stage, Stop> {
    let has = |labels: &[String], label: &str| labels.iter().any(|one| one == label);
    let labels = stages.and_then(|stages| stages.get(version)).ok_or(Stop::NotStaged)?;
    if has(labels, CURRENT) {
        return Ok(Stage::Current);
    }
    if !has(labels, PENDING) {
        return Err(Stop::NotStaged);
    }
    let current = stages.into_iter().flatten().find(|(_, labels)| has(labels, CURRENT));
    Ok(Stage::Pending { current: current.map(|(id, _)| id.clone()) })
}

fn failure<E, R>(operation: &'static str, error: SdkError<E, R>) -> SecretsManagerFailure
where
    E: Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    SecretsManagerFailure { operation, cause: Box::new(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_must_be_pending_or_current() {
        let stages = |rows: &[(&str, &str)]| -> HashMap<String, Vec<String>> {
            rows.iter().map(|(id, label)| ((*id).to_owned(), vec![(*label).to_owned()])).collect()
        };
        let rotating = stages(&[("1", CURRENT), ("2", PENDING), ("3", "AWSPREVIOUS")]);
        let pending = stage(Some(&rotating), "2").unwrap();
        assert_eq!(pending, Stage::Pending { current: Some("1".to_owned()) });
        assert_eq!(stage(Some(&rotating), "1").unwrap(), Stage::Current);
        for version in ["3", "4"] {
            assert!(matches!(stage(Some(&rotating), version), Err(Stop::NotStaged)), "{version}");
        }
        assert!(matches!(stage(None, "1"), Err(Stop::NotStaged)));
    }
}
