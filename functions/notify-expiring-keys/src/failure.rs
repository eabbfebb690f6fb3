//! Failures that end a run.

use std::fmt::Display;

use api::{Metrics, Unit, causes};
use lambda_runtime::Diagnostic;

/// A failure that ends a run before it sends anything. The next run starts again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The input is wrong.
    #[error("{field}: {rule}")]
    Input {
        /// The path of the wrong field.
        field: String,
        /// The rule that the field breaks.
        rule: String,
    },
    /// The table failed.
    #[error("the table failed")]
    Table(#[from] table::Error),
    /// SES did not answer its quota.
    #[error("SES did not answer its quota ({0})")]
    Quota(String),
}

impl Failure {
    pub(crate) fn input(field: impl Into<String>, rule: impl Display) -> Self {
        Self::Input { field: field.into(), rule: rule.to_string() }
    }

    /// Logs the failure, once, and turns it into the function's error.
    pub(crate) fn report(self) -> Diagnostic {
        // A run that does nothing writes no summary, and has failed none the less.
        let metrics = Metrics::of(&[("Failed", Unit::Count, 1)]);
        tracing::error!(causes = causes(&self), metrics = %metrics, "could not send notices");
        let error_type = match &self {
            Self::Input { .. } => "BadEvent",
            Self::Table(_) | Self::Quota(_) => "Failure",
        };
        Diagnostic { error_type: error_type.to_owned(), error_message: self.to_string() }
    }
}
