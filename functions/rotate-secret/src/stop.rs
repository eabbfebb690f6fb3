//! Why a step is not done. No text holds a secret.

use api::app::ExchangeFailure;

/// Why a step is not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Stop {
    /// The event is none of Secrets Manager's.
    #[error("{0} of the event is wrong")]
    BadEvent(&'static str),
    /// Secrets Manager was not told to rotate this secret.
    #[error("the secret is not enabled for rotation")]
    NotEnabled,
    /// The version is not part of a rotation.
    #[error("the version has neither AWSPENDING nor AWSCURRENT")]
    NotStaged,
    /// Nothing is there to rotate.
    #[error("the secret has no value with AWSCURRENT")]
    NoCurrent,
    /// The step before is missing.
    #[error("the secret has no value with AWSPENDING")]
    NoPending,
    /// A value has another form.
    #[error("the value of the secret is wrong")]
    Document(#[from] BadDocument),
    /// Secrets Manager failed.
    #[error("Secrets Manager failed")]
    SecretsManager(#[from] SecretsManagerFailure),
    /// The API failed.
    #[error("the API of the access keys failed")]
    Api(#[from] ApiFailure),
    /// The current secret could end before the pending one is stored, tested and current.
    #[error(
        "the organization's policy allows no overlap of {fewest} seconds, which the steps of a rotation may need: \
         raise rotation.max_overlap_seconds from {allowed} to {fewest} or more, better to 86400"
    )]
    ShortOverlap {
        /// The overlap that the policy allows, seconds.
        allowed: u32,
        /// The shortest one that is safe, seconds.
        fewest: u32,
    },
    /// The pending value belongs to another key.
    #[error("the pending value is that of another key than the current one")]
    OtherKey,
    /// The pending value was replaced by another rotation.
    #[error("the pending value does not work and was discarded; rotate again")]
    Discarded,
    /// Rotating does not move the expiry.
    #[error(
        "the key has {0} days left, and rotating does not move its expiry: extend it, or put a new key into the secret"
    )]
    ExpiresSoon(i64),
}

/// The API did not do what it was asked to do. No text holds anything of its answer but its code.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiFailure {
    /// The URL can not be asked.
    #[error("the URL is none")]
    BadUrl,
    /// There is no answer.
    #[error("it does not answer")]
    NoAnswer(#[from] ExchangeFailure),
    /// The secret is refused.
    #[error("it refuses the secret with {0}")]
    Refused(u16),
    /// It answers something else than wanted.
    #[error("it answers {status} {code}")]
    Other {
        /// The HTTP status.
        status: u16,
        /// The code of the problem document; empty without one.
        code: String,
    },
    /// The answer is not understood.
    #[error("its answer has another form, or is too long")]
    BadAnswer,
}

/// Why a value is no such document. It never quotes the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadDocument {
    /// It is no JSON, or lacks a member.
    #[error("it must be a JSON object with the texts token, api and organization_id")]
    Shape,
    /// The token has another form.
    #[error("token must be the token of an access key")]
    Token,
    /// A secret sent there could be read on its way.
    #[error("api must be an https URL without user, query and fragment; http is for this machine alone")]
    Api,
    /// The id could change the path of a request.
    #[error("organization_id must be 1-64 letters and digits")]
    OrganizationId,
}

/// Secrets Manager did not do what it was asked to do.
#[derive(Debug, thiserror::Error)]
#[error("Secrets Manager did not do it: {operation}")]
pub(crate) struct SecretsManagerFailure {
    pub(crate) operation: &'static str,
    #[source]
    pub(crate) cause: Box<dyn std::error::Error + Send + Sync>,
}
