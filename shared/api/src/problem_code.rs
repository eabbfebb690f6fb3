//! The stable codes of problem documents, each with its HTTP status.

use lambda_http::http::StatusCode;

/// Why a request was not done. Clients act on it; the text beside it is for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is its text in the API")]
pub enum ProblemCode {
    InvalidRequest,
    Forbidden,
    NotFound,
    QuotaExceeded,
    AlreadyRevoked,
    KeyInactive,
    KeyExpired,
    NotExtendable,
    LastOwner,
    EmailTaken,
    Conflict,
    PreconditionFailed,
    TooLarge,
    UnsupportedMediaType,
    PolicyViolation,
    IdempotencyMismatch,
    TooManyRequests,
    Internal,
    Unavailable,
}

impl ProblemCode {
    /// Returns the text, which never changes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::QuotaExceeded => "quota_exceeded",
            Self::AlreadyRevoked => "already_revoked",
            Self::KeyInactive => "key_inactive",
            Self::KeyExpired => "key_expired",
            Self::NotExtendable => "not_extendable",
            Self::LastOwner => "last_owner",
            Self::EmailTaken => "email_taken",
            Self::Conflict => "conflict",
            Self::PreconditionFailed => "precondition_failed",
            Self::TooLarge => "too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::PolicyViolation => "policy_violation",
            Self::IdempotencyMismatch => "idempotency_mismatch",
            Self::TooManyRequests => "too_many_requests",
            Self::Internal => "internal",
            Self::Unavailable => "unavailable",
        }
    }

    /// Returns the status of every problem with this code.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::InvalidRequest => StatusCode::BAD_REQUEST,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::QuotaExceeded
            | Self::AlreadyRevoked
            | Self::KeyInactive
            | Self::KeyExpired
            | Self::NotExtendable
            | Self::LastOwner
            | Self::EmailTaken
            | Self::Conflict => StatusCode::CONFLICT,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::PolicyViolation | Self::IdempotencyMismatch => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}
