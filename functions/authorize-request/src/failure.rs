use api::app::PepperFailure;
use lambda_runtime::Diagnostic;

use crate::jwt::JwksFailure;

/// What keeps the authorizer from knowing. The gateway answers it with a 500.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The event lacks what every event of the gateway has.
    #[error("the event has no {0}")]
    BadEvent(&'static str),
    /// The event is no event of the gateway. What it holds instead is not said: it may be a credential.
    #[error("the event cannot be read at line {line}, column {column}")]
    Unreadable {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// The table failed.
    #[error("the table failed")]
    Table(#[from] table::Error),
    /// The pepper cannot be had.
    #[error("the pepper cannot be had")]
    Pepper(#[from] PepperFailure),
    /// The identity provider's keys cannot be had.
    #[error("the identity provider's keys cannot be had")]
    Jwks(#[from] JwksFailure),
}

impl Failure {
    pub(crate) fn unreadable(error: &serde_json::Error) -> Self {
        Self::Unreadable { line: error.line(), column: error.column() }
    }

    /// Logs the failure, once, and tells the gateway that there was one.
    pub(crate) fn report(self) -> Diagnostic {
        tracing::error!(error.causes = api::causes(&self), "could not decide on a request");
        Diagnostic { error_type: "Failure".to_owned(), error_message: "could not decide".to_owned() }
    }
}
