use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// What can come of using the table.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A condition did not hold; nothing was changed.
    #[error("refused")]
    Refused(#[from] domain::Error),
    /// Somebody else changed what this change was decided on; nothing was changed.
    #[error("the item changed meanwhile")]
    Conflict,
    /// DynamoDB failed or did not answer in time; a write may have been done.
    #[error("{operation} failed ({code})")]
    Failed {
        /// The operation, as `TransactWriteItems`.
        operation: &'static str,
        /// DynamoDB's error code, or the kind of failure.
        code: String,
        /// What DynamoDB's client says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Others kept winning the race for the same item; nothing was changed.
    #[error("{operation} kept losing races for its items")]
    Contended {
        /// The operation.
        operation: &'static str,
    },
    /// A stored item is not what this version writes.
    #[error("a stored {what} cannot be read")]
    Corrupt {
        /// The entity.
        what: &'static str,
        /// What does not fit.
        #[source]
        source: serde_dynamo::Error,
    },
}

impl Error {
    pub(crate) fn failed<E, R>(operation: &'static str, error: SdkError<E, R>) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
        R: std::fmt::Debug + Send + Sync + 'static,
    {
        let code = match (&error, error.code()) {
            (_, Some(code)) => code,
            (SdkError::TimeoutError(_), _) => "timeout",
            (SdkError::DispatchFailure(_), _) => "no connection",
            _ => "no answer",
        };
        Self::Failed { operation, code: code.to_owned(), source: Box::new(error) }
    }

    /// Wraps a decoding failure of a stored entity.
    pub(crate) fn corrupt(what: &'static str) -> impl FnOnce(serde_dynamo::Error) -> Self {
        move |source| Self::Corrupt { what, source }
    }
}
