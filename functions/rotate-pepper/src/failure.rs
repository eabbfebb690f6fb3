//! Failures that end a run. The pepper is then as it was, or as one whole rotation left it.

use api::{FAILURE, app::SecretFailure, causes};
use domain::secret::BadPeppers;
use lambda_runtime::Diagnostic;

/// A failure that ends a run.
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
    /// Secrets Manager failed.
    #[error(transparent)]
    Secret(#[from] SecretFailure),
    /// The document in Secrets Manager is malformed. It is never overwritten.
    #[error("the stored pepper is unusable")]
    Unusable(#[from] BadPeppers),
    /// The document has no room for another version.
    #[error(
        "the pepper is full: a secret holds at most 65,536 bytes, and a name of a version at most 8 digits"
    )]
    Full,
    /// The current version was rotated before: somebody has made an older version the current one again.
    #[error(
        "the pepper was set back to a version that was rotated before: make AWSCURRENT the latest version again, or put the \
         value once more as a new version, together with every version that a later value has"
    )]
    SetBack,
    /// Somebody writes the secret again and again.
    #[error("the secret has more than 300 versions: find out who writes it, and wait a day")]
    TooManyVersions,
    /// Other runs were faster each time.
    #[error("other runs changed the pepper in all attempts")]
    Overtaken,
}

impl Failure {
    /// Logs the failure, once, and turns it into the function's error.
    pub(crate) fn report(self) -> Diagnostic {
        tracing::error!(causes = causes(&self), metrics = %FAILURE, "could not rotate the pepper");
        let error_type = if matches!(self, Self::Input { .. }) { "BadEvent" } else { "Failure" };
        Diagnostic { error_type: error_type.to_owned(), error_message: self.to_string() }
    }
}
