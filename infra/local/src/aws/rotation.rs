//! `RotateSecret`: Secrets Manager calls the function of a secret in four steps.
//!
//! Unlike AWS, which answers at once and tries again by itself, it answers when the last step is done or one has failed.

use bytes::Bytes;
use hyper::StatusCode;
use serde_json::{Value, json};

use super::{
    Aws,
    refusals::{amz_json, secrets as refuse},
};
use crate::http::Response;

const STEPS: [&str; 4] = ["createSecret", "setSecret", "testSecret", "finishSecret"];

/// A rotation in progress.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) arn: String,
    /// The id of the version that becomes the current one.
    pub(super) version: String,
    /// The function that rotates the secret.
    pub(super) function: String,
}

impl Aws {
    /// Handles the operation.
    pub(super) async fn handle_rotation(&self, body: &Bytes) -> Response {
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        match self.rotate(request["SecretId"].as_str().unwrap_or_default()).await {
            Ok(Begun { arn, version, .. }) => {
                let body = json!({ "ARN": arn, "VersionId": version });
                amz_json(StatusCode::OK, "application/x-amz-json-1.1", &body)
            }
            Err(message) => refuse(StatusCode::BAD_REQUEST, "InvalidRequestException", &message),
        }
    }

    /// Rotates a secret, or takes up a rotation that failed. The error names the step.
    pub(crate) async fn rotate_secret(&self, id: &str) -> Result<String, String> {
        self.rotate(id).await.map(|begun| begun.version)
    }

    async fn rotate(&self, id: &str) -> Result<Begun, String> {
        let begun = self.secrets.begin_rotation(id)?;
        for step in STEPS {
            let event = json!({ "Step": step, "SecretId": begun.arn, "ClientRequestToken": begun.version });
            let done = self.runtime.invoke(&begun.function, &event).await;
            done.map_err(|error| format!("{step}: {}", error.error_message))?;
        }
        Ok(begun)
    }
}
