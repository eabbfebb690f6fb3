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
//! - **`Store`**: DynamoDB failed. 503 where a repetition may help: throttling, a batch left undone, no answer. 500
//!   where it cannot: a missing right or table, a request that DynamoDB calls invalid, a stored item that cannot be read.
//!   A conflict that outlasted its retries is no failure but a refusal, with 429: callers who change one thing many times
//!   at once cause it, and must not set off an alarm.
//! - **`Pepper`**: Secrets Manager failed (503), or a secret cannot be hashed or checked (500).
//! - **`Context`**: the event lacks a part that the gateway or the authorizer always writes. The deployment
//!   or this code is wrong, so it is a 500; the caller's input never leads here.
//!
//! The last three are failures of the service, but for such a conflict: the caller learns the code alone, and the log has one error
//! line with all causes. A new kind of refusal is a variant of `domain::Error` and an arm of the match
//! below. A new outside service is a variant of [`HandlerError`].

use domain::policy::Quota;
use lambda_http::{Body, Response, http::header};
use serde::Serialize;
use serde_json::Value;

use crate::{
    HandlerError, ProblemCode, app::PepperFailure, error_chain::causes, handler_error::BodyError,
    log::FAILURE,
};

/// DynamoDB's errors that a repetition cannot mend: the deployment is wrong, or this code is.
const PERMANENT: [&str; 3] = ["AccessDeniedException", "ResourceNotFoundException", "ValidationException"];

/// The response to a request that was not done.
#[derive(Debug)]
pub(crate) struct Problem {
    code: ProblemCode,
    detail: String,
    named: Named,
    /// Seconds after which a repetition may succeed.
    retry_after: Option<u32>,
}

/// What a problem names: a field and the rule that it breaks, or a rule of the policy and its value.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
struct Named {
    /// The path of the member, parameter or header that the rule is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "String"))]
    field: Option<String>,
    /// The rule, with its bounds; or the path of a rule of the organization's policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "String"))]
    rule: Option<String>,
    /// The value of the policy's rule: text or a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Value>,
}

impl From<&HandlerError> for Problem {
    fn from(error: &HandlerError) -> Self {
        use PepperFailure::{Interrupted, Unavailable, Unusable, Unverifiable};
        use table::Error::{Conflict, Contended, Corrupt, Failed, Refused, Unprocessed};
        match error {
            HandlerError::Refused(refusal) | HandlerError::Store(Refused(refusal)) => Self::refusal(refusal),
            HandlerError::Body(BodyError::TooLarge { .. }) => {
                Self::new(ProblemCode::TooLarge, error.to_string())
            }
            HandlerError::Body(BodyError::ContentCoding) => {
                Self::new(ProblemCode::UnsupportedMediaType, error.to_string())
                    .field("content-encoding")
                    .rule("must be identity or left out")
            }
            HandlerError::Body(BodyError::UnsupportedMediaType { .. }) => {
                Self::new(ProblemCode::UnsupportedMediaType, error.to_string())
            }
            HandlerError::Store(Failed { code, .. }) if PERMANENT.contains(&code.as_str()) => {
                Self::internal()
            }
            HandlerError::Store(Conflict | Contended { .. }) => Self::contended(),
            HandlerError::Store(Unprocessed { .. } | Failed { .. })
            | HandlerError::Pepper(Unavailable(_)) => Self::unavailable(),
            HandlerError::Store(Corrupt { .. })
            | HandlerError::Pepper(Unusable(_) | Unverifiable(_) | Interrupted(_))
            | HandlerError::Context(_) => Self::internal(),
        }
    }
}

impl Problem {
    fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), named: Named::default(), retry_after: None }
    }

    fn field(mut self, field: &str) -> Self {
        self.named.field = Some(field.to_owned());
        self
    }

    fn rule(mut self, rule: &str) -> Self {
        self.named.rule = Some(rule.to_owned());
        self
    }

    fn value(mut self, value: impl Into<Value>) -> Self {
        self.named.value = Some(value.into());
        self
    }

    fn refusal(refusal: &domain::Error) -> Self {
        use domain::Error;
        let new = |code| Self::new(code, refusal.to_string());
        match refusal {
            Error::Invalid { field, rule } => new(ProblemCode::InvalidRequest).field(field).rule(rule),
            Error::Forbidden { .. } => new(ProblemCode::Forbidden),
            Error::NotFound { .. } => new(ProblemCode::NotFound),
            Error::QuotaExceeded { quota, kind } => {
                new(ProblemCode::QuotaExceeded).rule(Quota::rule(*kind)).value(*quota)
            }
            Error::AlreadyRevoked => new(ProblemCode::AlreadyRevoked),
            Error::KeyInactive => new(ProblemCode::KeyInactive),
            Error::KeyExpired => new(ProblemCode::KeyExpired),
            Error::NotExtendable { extension } => {
                new(ProblemCode::NotExtendable).rule("extension").value(*extension)
            }
            Error::LastOwner => new(ProblemCode::LastOwner),
            Error::EmailTaken => new(ProblemCode::EmailTaken).field("email"),
            Error::Conflict(_) => new(ProblemCode::Conflict),
            Error::InProgress => Self { retry_after: Some(1), ..new(ProblemCode::Conflict) },
            Error::IdempotencyMismatch => new(ProblemCode::IdempotencyMismatch),
            Error::PreconditionFailed => new(ProblemCode::PreconditionFailed),
            Error::PolicyViolation { rule, value } => {
                new(ProblemCode::PolicyViolation).rule(rule).value(value.as_str())
            }
        }
    }

    fn internal() -> Self {
        let detail = "something went wrong on our side; it has been logged";
        Self::new(ProblemCode::Internal, detail)
    }

    fn unavailable() -> Self {
        let detail = "a service that this one needs did not answer; the change may or may not have been made, so read before you retry";
        Self { retry_after: Some(1), ..Self::new(ProblemCode::Unavailable, detail) }
    }

    fn contended() -> Self {
        let detail =
            "other changes of the same thing came first, as often as this one was tried; send it again later";
        Self { retry_after: Some(1), ..Self::new(ProblemCode::TooManyRequests, detail) }
    }

    /// Writes the one log line of a request that was not done: a failure as an error, a refusal as information.
    pub(crate) fn log(&self, error: &HandlerError) {
        let (status, code) = (self.code.status().as_u16(), self.code.as_str());
        if error.is_refusal() {
            tracing::info!(status, code, "refused the request");
        } else {
            let causes = causes(error);
            tracing::error!(
                status,
                code,
                causes,
                metrics = %FAILURE,
                "could not do the request"
            );
        }
    }

    pub(crate) fn into_response(self) -> Response<Body> {
        let (status, code) = (self.code.status(), self.code.as_str());
        let document = Document {
            kind: format!("urn:access-keys:problem:{code}"),
            title: status.canonical_reason().unwrap_or("Problem"),
            status: status.as_u16(),
            code,
            detail: &self.detail,
            named: &self.named,
        };
        let body = serde_json::to_string(&document).expect("text and numbers are JSON");
        let mut response = Response::builder()
            .status(status)
            .header(header::CONTENT_TYPE, "application/problem+json")
            .header(header::CACHE_CONTROL, "no-store");
        if let Some(seconds) = self.retry_after {
            response = response.header(header::RETRY_AFTER, seconds);
        }
        response.body(Body::Text(body)).expect("the headers are constants and numbers")
    }
}

/// Why a request was not done (RFC 9457).
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Problem"))]
pub(crate) struct Document<'a> {
    /// `urn:access-keys:problem:` and the code.
    #[serde(rename = "type")]
    kind: String,
    /// The name of the status.
    title: &'static str,
    /// The status of the answer.
    status: u16,
    /// The kind of problem. It is stable; decide by it.
    code: &'static str,
    /// What happened and what to do next, for people.
    detail: &'a str,
    #[serde(flatten)]
    named: &'a Named,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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
    fn a_conflict_that_outlasts_its_retries_is_a_refusal_that_may_be_repeated() {
        for error in [table::Error::Conflict, table::Error::Contended { operation: "UpdateItem" }] {
            let error = HandlerError::from(error);
            assert!(error.is_refusal());
            let response = Problem::from(&error).into_response();
            assert_eq!(
                (response.status().as_u16(), &response.headers()[header::RETRY_AFTER]),
                (429, &"1".parse().unwrap())
            );
        }
    }

    #[test]
    fn a_failure_for_good_is_no_invitation_to_retry() {
        let code = "ValidationException".to_owned();
        let (status, document) =
            document(table::Error::Failed { operation: "GetItem", code, source: "inner".into() });
        assert_eq!((status, document["code"].as_str()), (500, Some("internal")));
    }
}
