use std::fmt::Display;

use api::causes;
use lambda_runtime::Diagnostic;

/// What ends a run before it has told anybody: the next one begins where this one did.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The schedule's input does not fit.
    #[error("{field}: {rule}")]
    Event {
        /// Path of what does not fit.
        field: String,
        /// The rule that it breaks.
        rule: String,
    },
    /// The table failed.
    #[error("the table failed")]
    Table(#[from] table::Error),
    /// SES did not say how much may be sent.
    #[error("SES does not tell its quota ({0})")]
    Quota(String),
}

impl Failure {
    pub(crate) fn event(field: impl Into<String>, rule: impl Display) -> Self {
        Self::Event { field: field.into(), rule: rule.to_string() }
    }

    /// Logs the failure, once, and tells the schedule of it.
    pub(crate) fn report(self) -> Diagnostic {
        tracing::error!(error.causes = causes(&self), "could not tell of expiring keys");
        let error_type = match &self {
            Self::Event { .. } => "BadEvent",
            Self::Table(_) | Self::Quota(_) => "Failure",
        };
        Diagnostic { error_type: error_type.to_owned(), error_message: self.to_string() }
    }
}
