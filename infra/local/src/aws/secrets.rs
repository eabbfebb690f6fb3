//! Secrets Manager: the operations that the product uses. The secrets are kept in a file.

use std::{collections::BTreeMap, sync::Mutex};

use bytes::Bytes;
use hyper::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::refusals::{amz_json, secrets as refuse};
use crate::{
    clock::machine_time, data::DataDirectory, error::StackError, http::Response, random, tasks::lock,
    template::store::SecretDeclaration,
};

const FILE: &str = "secrets.json";

/// The secrets of the template. Their values are generated at the first start.
#[derive(Debug)]
pub(crate) struct Secrets {
    data: DataDirectory,
    secrets: Mutex<BTreeMap<String, Secret>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Secret {
    name: String,
    /// The newest last. It has the stage `AWSCURRENT`, and the one before it `AWSPREVIOUS`.
    versions: Vec<Version>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Version {
    id: String,
    string: String,
    created: i64,
}

impl Version {
    fn new(string: String) -> Self {
        Self { id: random::uuid(), string, created: machine_time().as_second() }
    }
}

impl Secrets {
    /// Reads the secrets, and generates those that are new.
    pub(crate) fn open(data: DataDirectory, declared: &[SecretDeclaration]) -> Result<Self, StackError> {
        let mut secrets: BTreeMap<String, Secret> = match data.read(FILE)? {
            Some(bytes) => serde_json::from_slice(&bytes).map_err(|_| data.damaged(FILE))?,
            None => BTreeMap::new(),
        };
        for declared in declared {
            secrets.entry(declared.arn.clone()).or_insert_with(|| Secret {
                name: declared.name.clone(),
                versions: vec![Version::new(declared.first_value())],
            });
        }
        let opened = Self { data, secrets: Mutex::new(secrets) };
        opened.save()?;
        Ok(opened)
    }

    fn save(&self) -> Result<(), StackError> {
        let bytes = serde_json::to_vec_pretty(&*lock(&self.secrets)).expect("secrets are plain data");
        self.data.write(FILE, &bytes)
    }

    /// Reads the current value of a secret, by name or ARN.
    pub(crate) fn current(&self, id: &str) -> Option<String> {
        let secrets = lock(&self.secrets);
        let secret = secrets.iter().find(|(arn, secret)| *arn == id || secret.name == id)?;
        secret.1.versions.last().map(|version| version.string.clone())
    }

    /// Makes a value the current one; `false` if there is no such secret.
    pub(crate) fn put(&self, id: &str, string: String) -> bool {
        let mut secrets = lock(&self.secrets);
        let Some((_, secret)) = secrets.iter_mut().find(|(arn, secret)| *arn == id || secret.name == id)
        else {
            return false;
        };
        secret.versions.push(Version::new(string));
        drop(secrets);
        self.save().is_ok()
    }

    /// Handles an operation.
    pub(super) fn handle(&self, operation: &str, body: &Bytes) -> Response {
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let id = request["SecretId"].as_str().unwrap_or_default();
        if matches!(operation, "PutSecretValue" | "UpdateSecret")
            && let Some(string) = request["SecretString"].as_str()
            && !self.put(id, string.to_owned())
        {
            return not_found();
        }
        let secrets = lock(&self.secrets);
        let Some((arn, secret)) = secrets.iter().find(|(arn, secret)| *arn == id || secret.name == id) else {
            return not_found();
        };
        let newest = secret.versions.last();
        let response = match operation {
            "GetSecretValue" => secret.requested(&request).map(|(version, stages)| {
                json!({ "ARN": arn, "Name": secret.name, "VersionId": version.id, "SecretString": version.string,
                    "VersionStages": stages, "CreatedDate": version.created })
            }),
            "PutSecretValue" | "UpdateSecret" => newest.map(|version| {
                json!({ "ARN": arn, "Name": secret.name, "VersionId": version.id, "VersionStages": ["AWSCURRENT"] })
            }),
            "DescribeSecret" => {
                let stages: BTreeMap<&str, Vec<&str>> =
                    secret.with_stages().map(|(version, stages)| (version.id.as_str(), stages)).collect();
                Some(json!({ "ARN": arn, "Name": secret.name, "VersionIdsToStages": stages }))
            }
            other => {
                let message = format!("The local stack does not know {other}.");
                return refuse(StatusCode::BAD_REQUEST, "InvalidRequestException", &message);
            }
        };
        response.map_or_else(not_found, |body| amz_json(StatusCode::OK, "application/x-amz-json-1.1", &body))
    }
}

impl Secret {
    fn with_stages(&self) -> impl Iterator<Item = (&Version, Vec<&'static str>)> {
        let stages = ["AWSCURRENT", "AWSPREVIOUS"];
        self.versions
            .iter()
            .rev()
            .enumerate()
            .map(move |(age, version)| (version, stages.get(age).copied().into_iter().collect()))
    }

    fn requested(&self, request: &Value) -> Option<(&Version, Vec<&'static str>)> {
        let id = request["VersionId"].as_str();
        let stage = request["VersionStage"].as_str().or(if id.is_none() { Some("AWSCURRENT") } else { None });
        self.with_stages().find(|(version, stages)| {
            id.is_none_or(|id| id == version.id) && stage.is_none_or(|stage| stages.contains(&stage))
        })
    }
}

fn not_found() -> Response {
    let message = "Secrets Manager can't find the specified secret.";
    refuse(StatusCode::BAD_REQUEST, "ResourceNotFoundException", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_secret_is_an_object_with_its_first_version() {
        let declared = SecretDeclaration {
            name: "Pepper".to_owned(),
            arn: "arn:pepper".to_owned(),
            string: r#"{"current":"1"}"#.to_owned(),
            generated_key: Some("1".to_owned()),
            generated_length: 43,
            key: None,
        };
        let secrets = Secrets::open(DataDirectory::none(), &[declared]).unwrap();
        let value: Value = serde_json::from_str(&secrets.current("Pepper").unwrap()).unwrap();
        assert_eq!(value["current"], "1");
        assert_eq!(value["1"].as_str().map(str::len), Some(43));
        assert!(secrets.put("arn:pepper", "new".to_owned()));
        assert_eq!(secrets.current("Pepper").as_deref(), Some("new"));
        assert!(!secrets.put("other", String::new()));
    }
}
