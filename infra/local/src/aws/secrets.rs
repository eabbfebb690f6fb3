//! Secrets Manager: the operations that the product uses. The secrets are kept in a file.

mod versions;

use std::{collections::BTreeMap, sync::Mutex};

use bytes::Bytes;
use hyper::StatusCode;
use serde_json::{Value, json};

use self::versions::{CURRENT, Secret, ServiceError, Version};
use super::{
    refusals::{amz_json, secrets as refuse},
    rotation::Begun,
};
use crate::{
    data::DataDirectory,
    error::StackError,
    http::Response,
    random,
    tasks::lock,
    template::{rotation::Rotation, store::SecretDeclaration},
};

const FILE: &str = "secrets.json";

/// The secrets of the template. Their values are generated at the first start.
#[derive(Debug)]
pub(crate) struct Secrets {
    data: DataDirectory,
    by_arn: Mutex<BTreeMap<String, Secret>>,
    /// The functions that rotate secrets, by the ARN of the secret.
    rotations: BTreeMap<String, Rotation>,
}

impl Secrets {
    /// Reads the secrets, and generates those that are new.
    pub(crate) fn open(data: DataDirectory, declared: &[SecretDeclaration]) -> Result<Self, StackError> {
        let mut secrets: BTreeMap<String, Secret> = match data.read(FILE)? {
            Some(bytes) => serde_json::from_slice(&bytes).map_err(|_| data.damaged(FILE))?,
            None => BTreeMap::new(),
        };
        for declared in declared {
            let new = || Secret::new(declared.name.clone(), declared.first_value());
            // A file of an earlier stack has no labels.
            secrets.entry(declared.arn.clone()).or_insert_with(new).label_newest();
        }
        let rotations = declared.iter().filter_map(|one| Some((one.arn.clone(), one.rotation.clone()?)));
        let opened = Self { data, by_arn: Mutex::new(secrets), rotations: rotations.collect() };
        opened.save()?;
        Ok(opened)
    }

    fn save(&self) -> Result<(), StackError> {
        let bytes = serde_json::to_vec_pretty(&*lock(&self.by_arn)).expect("secrets are plain data");
        self.data.write(FILE, &bytes)
    }

    /// Reads the current value of a secret, by name or ARN.
    pub(crate) fn current(&self, id: &str) -> Option<String> {
        let secrets = lock(&self.by_arn);
        let secret = secrets.iter().find(|(arn, secret)| *arn == id || secret.name == id)?;
        secret.1.requested(None, None).ok().and_then(|version| version.string.clone())
    }

    /// Reads the value with a staging label, by name or ARN.
    pub(crate) fn at_stage(&self, id: &str, stage: &str) -> Option<String> {
        let secrets = lock(&self.by_arn);
        let secret = secrets.iter().find(|(arn, secret)| *arn == id || secret.name == id)?;
        secret.1.at_stage(stage).and_then(|version| version.string.clone())
    }

    /// Begins a rotation, or takes up the one in progress.
    pub(super) fn begin_rotation(&self, id: &str) -> Result<Begun, String> {
        let begun = self.change(id, |arn, secret| {
            let function = self.rotations.get(arn).map(|rotation| rotation.function.clone());
            let function = function.ok_or_else(|| invalid("The secret has no rotation function."))?;
            Ok(Begun { arn: arn.to_owned(), version: secret.begin_rotation(), function })
        });
        begun.map_err(|ServiceError(_, message)| message)
    }

    /// Makes a value the current one; `false` if there is no such secret.
    pub(crate) fn put(&self, id: &str, string: String) -> bool {
        let put = self.change(id, |_, secret| secret.put(&random::uuid(), string, &[CURRENT]));
        put.is_ok()
    }

    /// Changes a secret and keeps it.
    fn change<T>(
        &self,
        id: &str,
        change: impl FnOnce(&str, &mut Secret) -> Result<T, ServiceError>,
    ) -> Result<T, ServiceError> {
        let mut secrets = lock(&self.by_arn);
        let found = secrets.iter_mut().find(|(arn, secret)| *arn == id || secret.name == id);
        let (arn, secret) = found.ok_or_else(no_secret)?;
        let changed = change(arn, secret)?;
        drop(secrets);
        let failed = |error: StackError| ServiceError("InternalServiceError", error.to_string());
        self.save().map_err(failed)?;
        Ok(changed)
    }

    /// Handles an operation.
    pub(super) fn handle(&self, operation: &str, body: &Bytes) -> Response {
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let id = request["SecretId"].as_str().unwrap_or_default();
        let handled = match operation {
            "GetSecretValue" => self.get(id, &request),
            "DescribeSecret" => self.describe(id),
            "ListSecretVersionIds" => self.list_versions(id, &request),
            "PutSecretValue" | "UpdateSecret" => self.change(id, |arn, secret| put(arn, secret, &request)),
            "UpdateSecretVersionStage" => self.change(id, |arn, secret| {
                let text = |member: &str| request[member].as_str();
                let stage = text("VersionStage").ok_or_else(|| invalid("VersionStage is missing."))?;
                secret.move_stage(stage, text("RemoveFromVersionId"), text("MoveToVersionId"))?;
                Ok(json!({ "ARN": arn, "Name": secret.name }))
            }),
            "CancelRotateSecret" => self.change(id, |arn, secret| {
                secret.is_rotation_off = true;
                Ok(json!({ "ARN": arn, "Name": secret.name }))
            }),
            other => {
                let message = format!("The local stack does not know {other}.");
                Err(ServiceError("InvalidRequestException", message))
            }
        };
        match handled {
            Ok(body) => amz_json(StatusCode::OK, "application/x-amz-json-1.1", &body),
            Err(ServiceError(code @ "InternalServiceError", message)) => {
                refuse(StatusCode::INTERNAL_SERVER_ERROR, code, &message)
            }
            Err(ServiceError(code, message)) => refuse(StatusCode::BAD_REQUEST, code, &message),
        }
    }

    fn get(&self, id: &str, request: &Value) -> Result<Value, ServiceError> {
        let secrets = lock(&self.by_arn);
        let found = secrets.iter().find(|(arn, secret)| *arn == id || secret.name == id);
        let (arn, secret) = found.ok_or_else(no_secret)?;
        let version = secret.requested(request["VersionId"].as_str(), request["VersionStage"].as_str())?;
        Ok(json!({ "ARN": arn, "Name": secret.name, "VersionId": version.id, "SecretString": version.string,
            "VersionStages": version.stages, "CreatedDate": version.created }))
    }

    fn describe(&self, id: &str) -> Result<Value, ServiceError> {
        let secrets = lock(&self.by_arn);
        let found = secrets.iter().find(|(arn, secret)| *arn == id || secret.name == id);
        let (arn, secret) = found.ok_or_else(no_secret)?;
        let labelled = secret.versions().filter(|version| !version.stages.is_empty());
        let stages: BTreeMap<&str, &[String]> =
            labelled.map(|version| (version.id.as_str(), version.stages.as_slice())).collect();
        let rotation = self.rotations.get(arn).map(|rotation| rotation.arn.as_str());
        Ok(json!({ "ARN": arn, "Name": secret.name, "VersionIdsToStages": stages,
            "RotationEnabled": rotation.is_some() && !secret.is_rotation_off, "RotationLambdaARN": rotation }))
    }

    /// Lists the versions, a page at a time. Those without a label are the deprecated ones.
    fn list_versions(&self, id: &str, request: &Value) -> Result<Value, ServiceError> {
        let secrets = lock(&self.by_arn);
        let found = secrets.iter().find(|(arn, secret)| *arn == id || secret.name == id);
        let (arn, secret) = found.ok_or_else(no_secret)?;
        let with_deprecated = request["IncludeDeprecated"] == json!(true);
        let listed = secret.versions().filter(|version| with_deprecated || !version.stages.is_empty());
        let entry = |version: &Version| json!({ "VersionId": version.id, "VersionStages": version.stages, "CreatedDate": version.created });
        let entries: Vec<_> = listed.map(entry).collect();
        let size = request["MaxResults"].as_u64().and_then(|size| usize::try_from(size).ok()).unwrap_or(100);
        let first = request["NextToken"].as_str().and_then(|token| token.parse().ok()).unwrap_or(0);
        let end = entries.len().min(first + size);
        let page = entries.get(first..end).unwrap_or_default();
        let next = (end < entries.len()).then(|| end.to_string());
        Ok(json!({ "ARN": arn, "Name": secret.name, "Versions": page, "NextToken": next }))
    }
}

/// Puts a value, as `PutSecretValue` and `UpdateSecret` do. The token of the client is the version's id.
fn put(arn: &str, secret: &mut Secret, request: &Value) -> Result<Value, ServiceError> {
    let string = request["SecretString"].as_str().ok_or_else(|| invalid("SecretString is missing."))?;
    let id = match request["ClientRequestToken"].as_str() {
        Some(id) if !(32..=64).contains(&id.len()) => {
            return Err(invalid("ClientRequestToken must be 32-64 characters long."));
        }
        Some(id) => id.to_owned(),
        None => random::uuid(),
    };
    let stages = match request["VersionStages"].as_array() {
        Some(stages) => stages.iter().filter_map(Value::as_str).collect(),
        None => vec![CURRENT],
    };
    if !(1..=20).contains(&stages.len()) {
        return Err(invalid("VersionStages must have 1-20 labels."));
    }
    secret.put(&id, string.to_owned(), &stages)?;
    let stages = secret.version(&id).map(|version| version.stages.clone());
    Ok(json!({ "ARN": arn, "Name": secret.name, "VersionId": id, "VersionStages": stages }))
}

fn invalid(message: &str) -> ServiceError {
    ServiceError("InvalidParameterException", message.to_owned())
}

fn no_secret() -> ServiceError {
    let message = "Secrets Manager can't find the specified secret.";
    ServiceError("ResourceNotFoundException", message.to_owned())
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
            rotation: None,
        };
        let secrets = Secrets::open(DataDirectory::none(), &[declared]).unwrap();
        let value: Value = serde_json::from_str(&secrets.current("Pepper").unwrap()).unwrap();
        assert_eq!(value["current"], "1");
        assert_eq!(value["1"].as_str().map(str::len), Some(43));
        assert!(secrets.put("arn:pepper", "new".to_owned()));
        assert_eq!(secrets.current("Pepper").as_deref(), Some("new"));
        assert!(!secrets.put("other", String::new()));
    }

    #[tokio::test]
    async fn a_value_is_staged_by_the_operations_of_the_service() {
        use http_body_util::BodyExt as _;

        let secrets =
            Secrets::open(DataDirectory::none(), &[SecretDeclaration::made_elsewhere("s")]).unwrap();
        let call = async |operation: &str, body: Value| {
            let response = secrets.handle(operation, &body.to_string().into());
            let status = response.status().as_u16();
            let body = response.into_body().collect().await.unwrap().to_bytes();
            (status, serde_json::from_slice::<Value>(&body).unwrap())
        };
        let (_, first) = call("GetSecretValue", json!({ "SecretId": "s" })).await;
        let id = "2".repeat(32);
        let put = json!({ "SecretId": "s", "SecretString": "two", "ClientRequestToken": id, "VersionStages": ["AWSPENDING"] });
        for _ in 0..2 {
            let (status, answer) = call("PutSecretValue", put.clone()).await;
            assert_eq!((status, &answer["VersionStages"]), (200, &json!(["AWSPENDING"])));
        }
        let pending = json!({ "SecretId": "s", "VersionId": id, "VersionStage": "AWSPENDING" });
        assert_eq!(call("GetSecretValue", pending).await.1["SecretString"], "two");
        let moved = json!({ "SecretId": "s", "VersionStage": "AWSCURRENT", "RemoveFromVersionId": first["VersionId"],
            "MoveToVersionId": id });
        assert_eq!(call("UpdateSecretVersionStage", moved.clone()).await.0, 200);
        assert_eq!(call("UpdateSecretVersionStage", moved).await.0, 400);
        let (_, described) = call("DescribeSecret", json!({ "SecretId": "s" })).await;
        let former = first["VersionId"].as_str().unwrap();
        let stages = json!({ former: ["AWSPREVIOUS"], id.as_str(): ["AWSPENDING", "AWSCURRENT"] });
        assert_eq!(described["VersionIdsToStages"], stages);
        let third = json!({ "SecretId": "s", "SecretString": "three" });
        assert_eq!(call("PutSecretValue", third).await.0, 200);
        for (deprecated, ids) in [(true, vec![former, &id]), (false, vec![id.as_str()])] {
            let list = json!({ "SecretId": "s", "IncludeDeprecated": deprecated });
            let (_, listed) = call("ListSecretVersionIds", list).await;
            let listed: Vec<_> = listed["Versions"].as_array().unwrap().iter().collect();
            assert_eq!(
                listed.iter().filter_map(|one| one["VersionId"].as_str()).take(ids.len()).collect::<Vec<_>>(),
                ids
            );
            assert_eq!(listed.len(), ids.len() + 1);
        }
        for (operation, wrong, code) in [
            ("GetSecretValue", json!({ "SecretId": "other" }), "ResourceNotFoundException"),
            ("PutSecretValue", json!({ "SecretId": "s" }), "InvalidParameterException"),
            (
                "PutSecretValue",
                json!({ "SecretId": "s", "SecretString": "", "ClientRequestToken": "x" }),
                "InvalidParameterException",
            ),
            (
                "PutSecretValue",
                json!({ "SecretId": "s", "SecretString": "", "VersionStages": [] }),
                "InvalidParameterException",
            ),
            ("UpdateSecretVersionStage", json!({ "SecretId": "s" }), "InvalidParameterException"),
            ("DeleteSecret", json!({ "SecretId": "s" }), "InvalidRequestException"),
        ] {
            let (status, answer) = call(operation, wrong).await;
            assert_eq!((status, &answer["__type"]), (400, &json!(code)), "{operation}");
        }
    }
}
