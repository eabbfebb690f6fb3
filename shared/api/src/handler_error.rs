//! The one error of the handlers: why a request was not done.
//!
//! It knows no HTTP status; the head of `problem` says how each variant is answered.

use lambda_http::{Body, Response};

use crate::{BadContext, MayConflict, app::PepperFailure};

/// What a handler returns.
pub type HandlerResult = Result<Response<Body>, HandlerError>;

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
pub enum HandlerError {
    /// The product's rules refuse the request.
    #[error(transparent)]
    Refused(#[from] domain::Error),
    /// The body is refused before its content matters.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The table failed, or refused because one of its conditions did not hold.
    #[error(transparent)]
    Store(#[from] table::Error),
    /// The pepper is missing, or hashing failed.
    #[error(transparent)]
    Pepper(#[from] PepperFailure),
    /// The event is not as the gateway and the authorizer write it.
    #[error(transparent)]
    Context(#[from] BadContext),
}

/// Why a body is refused before its content matters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// The body is too large.
    #[error("the body may have at most {limit} bytes")]
    TooLarge {
        /// The limit, bytes.
        limit: usize,
    },
    /// The body is compressed, or in another content coding.
    #[error("content-encoding: send the body without a content coding")]
    ContentCoding,
    /// The body is not of a type that the route takes.
    #[error("send the body with content-type: {expected}")]
    UnsupportedMediaType {
        /// The types that the route takes.
        expected: String,
    },
}

impl MayConflict for HandlerError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(table::Error::Conflict))
    }
}

impl HandlerError {
    /// Tells whether the request was refused, or lost all its races, as opposed to a failure of the service.
    pub(crate) const fn is_refusal(&self) -> bool {
        use table::Error::{Conflict, Contended, Refused};
        match self {
            Self::Refused(_) | Self::Body(_) | Self::Store(Refused(_) | Conflict | Contended { .. }) => true,
            Self::Store(_) | Self::Pepper(_) | Self::Context(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_conflict_is_retried_and_a_lost_race_is_a_refusal() {
        use table::Error::{Conflict, Contended, Refused, Unprocessed};
        let operation = "BatchGetItem";
        for (error, is_conflict, is_refusal) in [
            (HandlerError::Store(Conflict), true, true),
            (HandlerError::Store(Contended { operation }), false, true),
            (HandlerError::Store(Refused(domain::Error::EmailTaken)), false, true),
            (HandlerError::Refused(domain::Error::EmailTaken), false, true),
            (HandlerError::Store(Unprocessed { operation }), false, false),
        ] {
            assert_eq!((error.is_conflict(), error.is_refusal()), (is_conflict, is_refusal), "{error:?}");
        }
    }
}
