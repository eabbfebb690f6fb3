//! Errors in the words of each service.

use bytes::Bytes;
use hyper::StatusCode;
use serde_json::{Value, json};

use super::{calls::Service, cloudformation, faults::Effect, ses};
use crate::http::{self, Response};

/// Responds as an effect says, without calling the service.
pub(super) fn refuse(service: Service, operation: &str, body: &Bytes, effect: &Effect) -> Response {
    match (effect, service) {
        (Effect::TransactionConflict { position }, Service::DynamoDb) => conflict(operation, body, *position),
        (Effect::Throttle, Service::DynamoDb) => {
            let message = "The level of configured provisioned throughput for the table was exceeded.";
            dynamodb(StatusCode::BAD_REQUEST, "ProvisionedThroughputExceededException", message)
        }
        (Effect::Throttle, Service::Ses) => {
            ses::error(StatusCode::BAD_REQUEST, "Throttling", "Maximum sending rate exceeded.")
        }
        (Effect::Throttle, Service::SecretsManager | Service::EventBridge) => {
            secrets(StatusCode::BAD_REQUEST, "ThrottlingException", "Rate exceeded")
        }
        (Effect::Throttle, Service::CloudFormation) => {
            cloudformation::error(StatusCode::BAD_REQUEST, "Throttling", "Rate exceeded")
        }
        (Effect::Throttle, Service::S3) => {
            cloudformation::error(StatusCode::SERVICE_UNAVAILABLE, "SlowDown", "Reduce your request rate.")
        }
        (Effect::RejectMessage, _) => {
            ses::error(StatusCode::BAD_REQUEST, "MessageRejected", "Email address is not verified.")
        }
        (Effect::RejectAddress, _) => {
            ses::error(StatusCode::BAD_REQUEST, "InvalidParameterValue", "Illegal address")
        }
        (Effect::Error { status, code }, service) => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_REQUEST);
            error(service, status, code, "an error on purpose")
        }
        (_, Service::DynamoDb) => {
            dynamodb(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", "Internal server error")
        }
        (_, Service::Ses) => {
            ses::error(StatusCode::INTERNAL_SERVER_ERROR, "InternalFailure", "Internal failure")
        }
        (_, Service::EventBridge) => {
            secrets(StatusCode::INTERNAL_SERVER_ERROR, "InternalException", "Internal exception")
        }
        (_, Service::CloudFormation | Service::S3) => {
            cloudformation::error(StatusCode::INTERNAL_SERVER_ERROR, "InternalFailure", "Internal failure")
        }
        (_, Service::SecretsManager) => {
            secrets(StatusCode::INTERNAL_SERVER_ERROR, "InternalServiceError", "Internal service error")
        }
    }
}

/// Responds as each service does to credentials that it does not know.
pub(super) fn unknown_credentials(service: Service) -> Response {
    let (status, code) = match service {
        Service::Ses | Service::CloudFormation | Service::S3 => {
            (StatusCode::FORBIDDEN, "InvalidClientTokenId")
        }
        Service::DynamoDb | Service::SecretsManager | Service::EventBridge => {
            (StatusCode::BAD_REQUEST, "UnrecognizedClientException")
        }
    };
    error(service, status, code, "The security token included in the request is invalid.")
}

fn error(service: Service, status: StatusCode, code: &str, message: &str) -> Response {
    match service {
        Service::DynamoDb => dynamodb(status, code, message),
        Service::Ses => ses::error(status, code, message),
        Service::SecretsManager | Service::EventBridge => secrets(status, code, message),
        Service::CloudFormation | Service::S3 => cloudformation::error(status, code, message),
    }
}

/// Responds with an error of `DynamoDB`.
pub(super) fn dynamodb(status: StatusCode, code: &str, message: &str) -> Response {
    let namespace = match code {
        "ThrottlingException" => "com.amazon.coral.availability",
        "AccessDeniedException" | "UnrecognizedClientException" => "com.amazon.coral.service",
        _ => "com.amazonaws.dynamodb.v20120810",
    };
    amz_json(
        status,
        "application/x-amz-json-1.0",
        &json!({ "__type": format!("{namespace}#{code}"), "message": message }),
    )
}

/// Responds with an error of Secrets Manager or `EventBridge`.
pub(super) fn secrets(status: StatusCode, code: &str, message: &str) -> Response {
    amz_json(status, "application/x-amz-json-1.1", &json!({ "__type": code, "Message": message }))
}

/// Responds with JSON in the media type of a service.
pub(super) fn amz_json(status: StatusCode, media_type: &'static str, body: &Value) -> Response {
    http::response(status, media_type, body.to_string())
}

fn conflict(operation: &str, body: &Bytes, position: usize) -> Response {
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let Some(items) = request["TransactItems"].as_array().filter(|_| operation.starts_with("Transact"))
    else {
        let message = "Transaction is ongoing for the item";
        return dynamodb(StatusCode::BAD_REQUEST, "TransactionConflictException", message);
    };
    let position = position.min(items.len().saturating_sub(1));
    let code = |index| {
        if index == position { "TransactionConflict" } else { "None" }
    };
    let reason = |index| match code(index) {
        "None" => json!({ "Code": "None" }),
        code => json!({ "Code": code, "Message": "Transaction is ongoing for the item" }),
    };
    let reasons: Vec<Value> = (0..items.len()).map(reason).collect();
    let codes: Vec<&str> = (0..items.len()).map(code).collect();
    let message = format!(
        "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
        codes.join(", ")
    );
    amz_json(
        StatusCode::BAD_REQUEST,
        "application/x-amz-json-1.0",
        &json!({
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "Message": message,
            "CancellationReasons": reasons,
        }),
    )
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    async fn refused(service: Service, operation: &str, body: &str, effect: Effect) -> (u16, String) {
        let response = refuse(service, operation, &Bytes::copy_from_slice(body.as_bytes()), &effect);
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_conflict_stands_at_its_position() {
        let body = r#"{"TransactItems":[{},{},{}]}"#;
        let effect = Effect::TransactionConflict { position: 1 };
        let (status, response) = refused(Service::DynamoDb, "TransactWriteItems", body, effect).await;
        assert_eq!(status, 400);
        assert!(response.contains("[None, TransactionConflict, None]"), "{response}");
        let effect = Effect::TransactionConflict { position: 1 };
        let (_, response) = refused(Service::DynamoDb, "UpdateItem", "{}", effect).await;
        assert!(response.contains("#TransactionConflictException"), "{response}");
    }

    #[tokio::test]
    async fn each_service_throttles_with_its_own_error() {
        let (_, dynamodb) = refused(Service::DynamoDb, "GetItem", "{}", Effect::Throttle).await;
        assert!(dynamodb.contains("#ProvisionedThroughputExceededException"));
        let (_, ses) = refused(Service::Ses, "SendRawEmail", "", Effect::Throttle).await;
        assert!(ses.contains("<Code>Throttling</Code>"));
        let error = Effect::Error { status: 503, code: "Unavailable".to_owned() };
        let (status, secrets) = refused(Service::SecretsManager, "GetSecretValue", "{}", error).await;
        assert!(status == 503 && secrets.contains("Unavailable"));
    }
}
