use domain::{Error as Refusal, policy::Quota};
use lambda_http::{
    Body, Response,
    http::{StatusCode, header},
};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{app::PepperFailure, caller::BadContext};

/// Why a request was not done, as the caller reads it (RFC 9457) and as the log tells it.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    /// Members beside the standard ones: the field and the rule, or the rule and its value.
    members: Map<String, Value>,
    retry_after: Option<u32>,
    lost_race: bool,
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            members: Map::new(),
            retry_after: None,
            lost_race: false,
            cause: None,
        }
    }

    fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.members.insert(member.to_owned(), value.into());
        self
    }

    /// The body is larger than `limit` bytes.
    #[must_use]
    pub fn too_large(limit: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            format!("the body may have at most {limit} bytes"),
        )
    }

    /// The body is not of the type that the route takes.
    #[must_use]
    pub fn unsupported_media_type(expected: &str) -> Self {
        let detail = format!("send the body with content-type: {expected}");
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
    }

    fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let detail = "something went wrong on our side; it has been logged";
        Self { cause: Some(cause.into()), ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail) }
    }

    fn unavailable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let detail = "a service that this one needs did not answer; the change may or may not have been made, so read before you retry";
        Self {
            cause: Some(cause.into()),
            retry_after: Some(1),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
        }
    }

    /// Tells whether the same request may succeed at once, from fresh reads.
    pub(crate) const fn is_lost_race(&self) -> bool {
        self.lost_race
    }

    /// Tells whether the request is refused, rather than that something failed.
    pub(crate) const fn is_refusal(&self) -> bool {
        self.cause.is_none()
    }

    /// Writes the one log line of this problem: failures as errors, refusals as information.
    pub(crate) fn log(&self) {
        let (status, code) = (self.status.as_u16(), self.code);
        match &self.cause {
            Some(cause) => {
                let causes = causes(cause.as_ref());
                tracing::error!(
                    problem.status = status,
                    problem.code = code,
                    error.causes = causes,
                    "could not do the request"
                );
            }
            None => tracing::info!(problem.status = status, problem.code = code, "refused the request"),
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

/// Writes an error with all that caused it, for the log.
#[must_use]
pub fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let detail = refusal.to_string();
        let new = |status, code| Self::new(status, code, detail.clone());
        match refusal {
            Refusal::Invalid { field, rule } => {
                new(StatusCode::BAD_REQUEST, "invalid_request").with("field", field).with("rule", rule)
            }
            Refusal::Forbidden { .. } => new(StatusCode::FORBIDDEN, "forbidden"),
            Refusal::NotFound { .. } => new(StatusCode::NOT_FOUND, "not_found"),
            Refusal::QuotaExceeded { quota, kind } => new(StatusCode::CONFLICT, "quota_exceeded")
                .with("rule", Quota::rule(kind))
                .with("value", json!(quota)),
            Refusal::AlreadyRevoked => new(StatusCode::CONFLICT, "already_revoked"),
            Refusal::KeyInactive => new(StatusCode::CONFLICT, "key_inactive"),
            Refusal::KeyExpired => new(StatusCode::CONFLICT, "key_expired"),
            Refusal::NotExtendable { extension } => {
                new(StatusCode::CONFLICT, "not_extendable").with("rule", "extension").with("value", extension)
            }
            Refusal::LastOwner => new(StatusCode::CONFLICT, "last_owner"),
            Refusal::EmailTaken => new(StatusCode::CONFLICT, "email_taken").with("field", "email"),
            Refusal::Conflict(_) => new(StatusCode::CONFLICT, "conflict"),
            Refusal::InProgress => Self { retry_after: Some(1), ..new(StatusCode::CONFLICT, "conflict") },
            Refusal::IdempotencyMismatch => new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_mismatch"),
            Refusal::PreconditionFailed => new(StatusCode::PRECONDITION_FAILED, "precondition_failed"),
            Refusal::PolicyViolation { rule, value } => {
                new(StatusCode::UNPROCESSABLE_ENTITY, "policy_violation")
                    .with("rule", rule)
                    .with("value", value)
            }
        }
    }
}

/// Failures that a retry does not mend: the deployment is wrong, or this code is.
const PERMANENT: [&str; 3] = ["AccessDeniedException", "ResourceNotFoundException", "ValidationException"];

impl From<table::Error> for Problem {
    fn from(failure: table::Error) -> Self {
        match failure {
            table::Error::Refused(refusal) => refusal.into(),
            table::Error::Conflict => Self { lost_race: true, ..Self::unavailable(failure) },
            table::Error::Failed { ref code, .. } if PERMANENT.contains(&code.as_str()) => {
                Self::internal(failure)
            }
            table::Error::Contended { .. } | table::Error::Failed { .. } => Self::unavailable(failure),
            table::Error::Corrupt { .. } => Self::internal(failure),
        }
    }
}

impl From<PepperFailure> for Problem {
    fn from(failure: PepperFailure) -> Self {
        match failure {
            PepperFailure::Unavailable(_) => Self::unavailable(failure),
            PepperFailure::Unusable(_) | PepperFailure::Unverifiable(_) | PepperFailure::Interrupted(_) => {
                Self::internal(failure)
            }
        }
    }
}

impl From<BadContext> for Problem {
    fn from(failure: BadContext) -> Self {
        Self::internal(failure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(problem: Problem) -> (u16, Value) {
        let response = problem.into_response();
        let Body::Text(body) = response.body() else { panic!("a problem is text") };
        (response.status().as_u16(), serde_json::from_str(body).unwrap())
    }

    #[test]
    fn a_refusal_names_field_and_rule() {
        let (status, document) = document(Refusal::invalid("name", "must be short").into());
        assert_eq!(status, 400);
        assert_eq!(document["code"], "invalid_request");
        assert_eq!((&document["field"], &document["rule"]), (&json!("name"), &json!("must be short")));
        assert_eq!(document["status"], 400);
    }

    #[test]
    fn a_failure_tells_the_caller_nothing_of_its_cause() {
        let failure =
            table::Error::Failed { operation: "GetItem", code: "Oops".to_owned(), source: "inner".into() };
        let (status, document) = document(failure.into());
        assert_eq!((status, document["code"].as_str()), (503, Some("unavailable")));
        assert!(!document.to_string().contains("Oops") && !document.to_string().contains("GetItem"));
    }
}
