//! Errors of the table.

use std::fmt;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// The codes with which DynamoDB throttles.
const THROTTLING: [&str; 3] =
    ["ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"];

/// An error of a call to the table.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A condition did not hold; nothing was changed.
    #[error("refused")]
    Refused(#[from] domain::Error),
    /// Another request changed the item meanwhile; nothing was changed. Read again and decide again.
    #[error("the item changed meanwhile")]
    Conflict,
    /// DynamoDB failed or did not answer in time. A write may have happened.
    #[error("{operation} failed ({code})")]
    Failed {
        /// The operation, for example `TransactWriteItems`.
        operation: &'static str,
        /// DynamoDB's error code, or the kind of failure.
        code: String,
        /// The error of DynamoDB's client.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// All attempts conflicted with other transactions; nothing was changed.
    #[error("all attempts of {operation} conflicted with others")]
    Contended {
        /// The operation.
        operation: &'static str,
    },
    /// DynamoDB left a part of a batch undone in all attempts.
    #[error("{operation} left a part of the batch unprocessed in all attempts")]
    Unprocessed {
        /// The operation.
        operation: &'static str,
    },
    /// A stored item cannot be decoded.
    #[error("a stored {what} cannot be read")]
    Corrupt {
        /// The entity.
        what: &'static str,
        /// The decoding error.
        #[source]
        source: serde_dynamo::Error,
    },
}

impl Error {
    pub(crate) fn failed<E, R>(operation: &'static str, error: SdkError<E, R>) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
        R: fmt::Debug + Send + Sync + 'static,
    {
        let code = match (&error, error.code()) {
            (_, Some(code)) => code,
            (SdkError::TimeoutError(_), _) => "timeout",
            (SdkError::DispatchFailure(_), _) => "no connection",
            _ => "no answer",
        };
        Self::Failed { operation, code: code.to_owned(), source: Box::new(error) }
    }

    /// Tells whether requests for the same items came too fast or too many at once.
    ///
    /// The callers of one tenant can cause it. The table does not fail then, but that tenant's requests do.
    #[must_use]
    pub fn is_overload(&self) -> bool {
        match self {
            Self::Conflict | Self::Contended { .. } | Self::Unprocessed { .. } => true,
            Self::Failed { code, .. } => THROTTLING.contains(&code.as_str()),
            Self::Refused(_) | Self::Corrupt { .. } => false,
        }
    }

    /// Wraps why a stored catalog cannot be decided with.
    pub fn corrupt_catalog(reason: impl fmt::Display) -> Self {
        Self::corrupt("catalog")(serde::de::Error::custom(reason))
    }

    /// Makes the error of an item that should hold a declaration of routes and holds none.
    #[must_use]
    pub fn no_declaration() -> Self {
        Self::corrupt("declaration of routes")(serde::de::Error::custom("it holds no declaration"))
    }

    /// Wraps a decoding failure of a stored entity.
    pub(crate) fn corrupt(what: &'static str) -> impl FnOnce(serde_dynamo::Error) -> Self {
        move |source| Self::Corrupt { what, source }
    }
}
