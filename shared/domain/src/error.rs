use crate::user::Kind;

/// Why the product refuses a well-authenticated request.
///
/// Refusals are answers, not failures: nothing is logged as an error and nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A value breaks a rule of its format.
    #[error("{field}: {rule}")]
    Invalid {
        /// Path of the value in the body, as `rotation.max_overlap_seconds`.
        field: String,
        /// The rule, with its units and bounds.
        rule: String,
    },
    /// The caller lacks a right.
    #[error("this needs {needs}")]
    Forbidden {
        /// The right that is missing, in words.
        needs: String,
    },
    /// There is no such thing in the caller's organization.
    #[error("there is no such {what}")]
    NotFound {
        /// The noun of what was asked for.
        what: &'static str,
    },
    /// The user holds as many live keys as the policy allows.
    #[error("the policy allows {quota} live keys for each {kind} user; revoke or delete one first")]
    QuotaExceeded {
        /// The quota in force.
        quota: u32,
        /// The kind whose quota it is.
        kind: Kind,
    },
    /// The key has been revoked before; revocation is final.
    #[error("this key has been revoked; create another one")]
    AlreadyRevoked,
    /// The key is switched off.
    #[error("this key is switched off; switch it on first")]
    KeyInactive,
    /// The key's time is over.
    #[error("this key has expired; extend it where the policy allows that, or create another one")]
    KeyExpired,
    /// The policy does not allow the key's expiry to be moved later.
    #[error("the policy says extension = {extension}; create another key")]
    NotExtendable {
        /// The rule, as the policy writes it.
        extension: &'static str,
    },
    /// The organization would be left without an active owner.
    #[error("an organization keeps at least one active owner; make another user an owner first")]
    LastOwner,
    /// Another user of the organization has this address.
    #[error("another user of this organization has this e-mail address")]
    EmailTaken,
    /// The thing is in a state in which the request makes no sense.
    #[error("{0}")]
    Conflict(&'static str),
    /// The same request is being done by another call.
    #[error("another request with this Idempotency-Key is being done; repeat this one in a moment")]
    InProgress,
    /// The caller made another request under the same `Idempotency-Key`.
    #[error("this Idempotency-Key was used for another request; use a new key for each request")]
    IdempotencyMismatch,
    /// `If-Match` names another version than the stored one.
    #[error("the stored version is not the one in If-Match; read it again and retry")]
    PreconditionFailed,
    /// The organization's policy forbids it.
    #[error("the policy says {rule} = {value}")]
    PolicyViolation {
        /// Path of the rule in the policy, as `lifetime.max_seconds`.
        rule: &'static str,
        /// The value of that rule.
        value: String,
    },
}

impl Error {
    /// Builds the refusal of a value that breaks `rule`.
    ///
    /// A field is named by 60 characters at most: a caller's own names can have any length.
    pub fn invalid(field: impl Into<String>, rule: impl Into<String>) -> Self {
        let mut field = field.into();
        if let Some((end, _)) = field.char_indices().nth(60) {
            field.replace_range(end.., "…");
        }
        Self::Invalid { field, rule: rule.into() }
    }
}
