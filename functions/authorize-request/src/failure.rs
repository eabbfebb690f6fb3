//! Failures, because of which the authorizer cannot decide.

use api::{FAILURE, app::PepperFailure};
use lambda_runtime::Diagnostic;
use sign_in::IssuerFailure;

/// A failure, because of which the authorizer cannot decide. The gateway answers it with a 500.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The event lacks what every event of the gateway has.
    #[error("the event has no {0}")]
    BadEvent(&'static str),
    /// The gateway's time is before 2020: it is in seconds, or none.
    #[error("the event's time is before 2020")]
    BadTime,
    /// The payload is no event of the gateway. It may hold a credential, so the error says nothing else of it.
    #[error("the event cannot be read at line {line}, column {column}")]
    Unreadable {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// The payload is no text.
    #[error("the event is not UTF-8")]
    NotUtf8,
    /// The table failed.
    #[error("the table failed")]
    Table(#[from] table::Error),
    /// The secret could not be checked.
    #[error("the secret could not be checked")]
    Pepper(#[from] PepperFailure),
    /// The identity provider did not say what it was asked.
    #[error("there is no answer of the identity provider")]
    Issuer(#[from] IssuerFailure),
}

impl Failure {
    pub(crate) fn unreadable(error: &serde_json::Error) -> Self {
        Self::Unreadable { line: error.line(), column: error.column() }
    }

    /// Tells whether one tenant or a stranger can cause it by many requests. Then it is no error of the service, which
    /// an alarm counts and which stops a deployment: the alarm on the table's throttling tells the operator of it.
    fn is_overload(&self) -> bool {
        matches!(self, Self::Table(error) if error.is_overload())
    }

    /// Logs the failure, once, and makes it the invocation's error.
    pub(crate) fn report(self) -> Diagnostic {
        let causes = api::causes(&self);
        if self.is_overload() {
            tracing::warn!(causes, metrics = %FAILURE, "too many requests to decide on this one");
        } else {
            tracing::error!(causes, metrics = %FAILURE, "could not decide on a request");
        }
        Diagnostic { error_type: "Failure".to_owned(), error_message: "could not decide".to_owned() }
    }
}
