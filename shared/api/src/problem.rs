//! Problem documents (RFC 9457), made at the edge from a handler's error.
//!
//! A handler returns a [`HandlerError`] and names no HTTP status. Which variant an error belongs to:
//!
//! - **`Refused`**: the product's rules say no, and the caller can act on it. The refusal is a
//!   [`domain::Error`]; it is the caller's matter, so its text is shown, and the log has one line of
//!   information. A condition of the table that did not hold carries such a refusal too
//!   ([`table::Error::Refused`]), and is answered alike. Statuses 400 to 422, by the kind of refusal.
//! - **`Body`**: the body is too large, compressed, or of a media type that the route does not take. Only HTTP knows
//!   these rules, so they are no `domain::Error`. Statuses 413 and 415.
//! - **`Store`**: DynamoDB failed. 503 where a repetition may help: a conflict that outlasted its retries,
//!   throttling, a batch left undone, no answer. 500 where it cannot: a missing right or table, a request that DynamoDB calls
//!   invalid, a stored item that cannot be read.
//! - **`Pepper`**: Secrets Manager failed (503), or a secret cannot be hashed or checked (500).
//! - **`Context`**: the event lacks a part that the gateway or the authorizer always writes. The deployment
//!   or this code is wrong, so it is a 500; the caller's input never leads here.
//!
//! The last three are failures of the service: the caller learns the code alone, and the log has one error
//! line with all causes. A new kind of refusal is a variant of `domain::Error` and an arm of the match
//! below. A new outside service is a variant of [`HandlerError`].

use domain::policy::Quota;
use lambda_http::{
    Body, Response,
    http::{StatusCode, header},
};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{HandlerError, app::PepperFailure, error_chain::causes, handler_error::BodyError};

/// DynamoDB's errors that a repetition cannot mend: the deployment is wrong, or this code is.
const PERMANENT: [&str; 3] = ["AccessDeniedException", "ResourceNotFoundException", "ValidationException"];

/// The response to a request that was not done.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    /// Members beside the standard ones: the field and the rule, or the rule and its value.
    members: Map<String, Value>,
    /// Seconds after which a repetition may succeed.
    retry_after: Option<u32>,
}

impl From<&HandlerError> for Problem {
    fn from(error: &HandlerError) -> Self {
        use PepperFailure::{Interrupted, Unavailable, Unusable, Unverifiable};
        use table::Error::{Conflict, Contended, Corrupt, Failed, Refused, Unprocessed};
        match error {
            HandlerError::Refused(refusal) | HandlerError::Store(Refused(refusal)) => Self::refusal(refusal),
            HandlerError::Body(BodyError::TooLarge { .. }) => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", error.to_string())
            }
            HandlerError::Body(BodyError::ContentCoding) => {
                Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", error.to_string())
                    .with("field", "content-encoding")
                    .with("rule", "must be identity or left out")
            }
            HandlerError::Body(BodyError::UnsupportedMediaType { .. }) => {
                Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", error.to_string())
            }
            HandlerError::Store(Failed { code, .. }) if PERMANENT.contains(&code.as_str()) => {
                Self::internal()
            }
            HandlerError::Store(Conflict | Contended { .. } | Unprocessed { .. } | Failed { .. })
            | HandlerError::Pepper(Unavailable(_)) => Self::unavailable(),
            HandlerError::Store(Corrupt { .. })
            | HandlerError::Pepper(Unusable(_) | Unverifiable(_) | Interrupted(_))
            | HandlerError::Context(_) => Self::internal(),
        }
    }
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), members: Map::new(), retry_after: None }
    }

    fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.members.insert(member.to_owned(), value.into());
        self
    }

    fn refusal(refusal: &domain::Error) -> Self {
        use domain::Error;
        let new = |status, code| Self::new(status, code, refusal.to_string());
        match refusal {
            Error::Invalid { field, rule } => new(StatusCode::BAD_REQUEST, "invalid_request")
                .with("field", field.as_str())
                .with("rule", rule.as_str()),
            Error::Forbidden { .. } => new(StatusCode::FORBIDDEN, "forbidden"),
            Error::NotFound { .. } => new(StatusCode::NOT_FOUND, "not_found"),
            Error::QuotaExceeded { quota, kind } => new(StatusCode::CONFLICT, "quota_exceeded")
                .with("rule", Quota::rule(*kind))
                .with("value", json!(quota)),
            Error::AlreadyRevoked => new(StatusCode::CONFLICT, "already_revoked"),
            Error::KeyInactive => new(StatusCode::CONFLICT, "key_inactive"),
            Error::KeyExpired => new(StatusCode::CONFLICT, "key_expired"),
            Error::NotExtendable { extension } => new(StatusCode::CONFLICT, "not_extendable")
                .with("rule", "extension")
                .with("value", *extension),
            Error::LastOwner => new(StatusCode::CONFLICT, "last_owner"),
            Error::EmailTaken => new(StatusCode::CONFLICT, "email_taken").with("field", "email"),
            Error::Conflict(_) => new(StatusCode::CONFLICT, "conflict"),
            Error::InProgress => Self { retry_after: Some(1), ..new(StatusCode::CONFLICT, "conflict") },
            Error::IdempotencyMismatch => new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_mismatch"),
            Error::PreconditionFailed => new(StatusCode::PRECONDITION_FAILED, "precondition_failed"),
            Error::PolicyViolation { rule, value } => {
                new(StatusCode::UNPROCESSABLE_ENTITY, "policy_violation")
                    .with("rule", *rule)
                    .with("value", value.as_str())
            }
        }
    }

    fn internal() -> Self {
        let detail = "something went wrong on our side; it has been logged";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }

    fn unavailable() -> Self {
        let detail = "a service that this one needs did not answer; the change may or may not have been made, so read before you retry";
        Self { retry_after: Some(1), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail) }
    }

    /// Writes the one log line of a request that was not done: a failure as an error, a refusal as information.
    pub(crate) fn log(&self, error: &HandlerError) {
        let (status, code) = (self.status.as_u16(), self.code);
        if error.is_refusal() {
            tracing::info!(problem.status = status, problem.code = code, "refused the request");
        } else {
            let causes = causes(error);
            tracing::error!(
                problem.status = status,
                problem.code = code,
                error.causes = causes,
                "could not do the request"
            );
        }
    }

    pub(crate) fn into_response(self) -> Response<Body> {
        let document = Document {
            kind: format!("urn:access-keys:problem:{}", self.code),
            title: self.status.canonical_reason().unwrap_or("Problem"),
            status: self.status.as_u16(),
            code: self.code,
            detail: &self.detail,
            members: &self.members,
        };
        let body = serde_json::to_string(&document).expect("text and numbers are JSON");
        let mut response = Response::builder()
            .status(self.status)
            .header(header::CONTENT_TYPE, "application/problem+json")
            .header(header::CACHE_CONTROL, "no-store");
        if let Some(seconds) = self.retry_after {
            response = response.header(header::RETRY_AFTER, seconds);
        }
        response.body(Body::Text(body)).expect("the headers are constants and numbers")
    }
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    code: &'static str,
    detail: &'a str,
    #[serde(flatten)]
    members: &'a Map<String, Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(error: impl Into<HandlerError>) -> (u16, Value) {
        let response = Problem::from(&error.into()).into_response();
        let Body::Text(body) = response.body() else { panic!("a problem is text") };
        (response.status().as_u16(), serde_json::from_str(body).unwrap())
    }

    #[test]
    fn a_refusal_names_field_and_rule() {
        let (status, document) = document(domain::Error::invalid("name", "must be short"));
        assert_eq!(status, 400);
        assert_eq!(document["code"], "invalid_request");
        assert_eq!((&document["field"], &document["rule"]), (&json!("name"), &json!("must be short")));
        assert_eq!(document["status"], 400);
    }

    #[test]
    fn a_refusal_of_the_table_is_answered_as_any_other() {
        let refusal = domain::Error::LastOwner;
        assert_eq!(document(table::Error::Refused(refusal.clone())), document(refusal));
    }

    #[test]
    fn a_failure_shows_the_caller_nothing_of_its_cause() {
        let failure =
            table::Error::Failed { operation: "GetItem", code: "Oops".to_owned(), source: "inner".into() };
        let (status, document) = document(failure);
        assert_eq!((status, document["code"].as_str()), (503, Some("unavailable")));
        assert!(!document.to_string().contains("Oops") && !document.to_string().contains("GetItem"));
    }

    #[test]
    fn a_failure_for_good_is_no_invitation_to_retry() {
        let code = "ValidationException".to_owned();
        let (status, document) =
            document(table::Error::Failed { operation: "GetItem", code, source: "inner".into() });
        assert_eq!((status, document["code"].as_str()), (500, Some("internal")));
    }
}
