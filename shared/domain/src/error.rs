//! Refusals: the reasons for which the product refuses an authenticated request.

use crate::{text::may_hold_credential, user::Kind};

/// A reason to refuse an authenticated request.
///
/// A refusal is an answer, not a failure: it changes nothing and is not logged as an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A value breaks a rule of its format.
    #[error("{field}: {rule}")]
    Invalid {
        /// Path of the value in the body, for example `rotation.max_overlap_seconds`.
        field: String,
        /// The rule, with its units and bounds.
        rule: String,
    },
    /// The caller does not have the right.
    #[error("this needs {needs}")]
    Forbidden {
        /// The right that is missing, in words.
        needs: String,
    },
    /// The caller's organization has no such object.
    #[error("there is no such {what}")]
    NotFound {
        /// The noun of the object.
        what: &'static str,
    },
    /// The user holds as many live keys as the policy allows.
    #[error("the policy allows {quota} live keys for each {kind} user; revoke or delete one first")]
    QuotaExceeded {
        /// The quota in force.
        quota: u32,
        /// The kind that the quota is for.
        kind: Kind,
    },
    /// The key is already revoked; revocation is final.
    #[error("this key has been revoked; create another one")]
    AlreadyRevoked,
    /// The key is switched off.
    #[error("this key is switched off; switch it on first")]
    KeyInactive,
    /// The key has expired.
    #[error("this key has expired; extend it where the policy allows that, or create another one")]
    KeyExpired,
    /// The policy does not allow the key's expiry to be moved later.
    #[error("the policy says extension = {extension}; create another key")]
    NotExtendable {
        /// The rule, as the policy writes it.
        extension: &'static str,
    },
    /// The organization would be left without an active owner who has signed in.
    #[error(
        "an organization keeps at least one active owner who has signed in; make another user an owner, and let them sign in first"
    )]
    LastOwner,
    /// Another user of the organization has this address.
    #[error("another user of this organization has this e-mail address")]
    EmailTaken,
    /// The object is in a state that does not allow the request.
    #[error("{0}")]
    Conflict(&'static str),
    /// Another call is doing the same request.
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
        /// Path of the rule in the policy, for example `lifetime.max_seconds`.
        rule: &'static str,
        /// The value of that rule.
        value: String,
    },
}

impl Error {
    /// Builds the refusal of a value that breaks `rule`.
    ///
    /// The name of a field may be the caller's own text. So it is cut after 60 characters, and a name that could
    /// hold a credential is not repeated.
    pub fn invalid(field: impl Into<String>, rule: impl Into<String>) -> Self {
        let mut field = field.into();
        if may_hold_credential(&field) {
            "…".clone_into(&mut field);
        } else if let Some((end, _)) = field.char_indices().nth(60) {
            field.replace_range(end.., "…");
        }
        Self::Invalid { field, rule: rule.into() }
    }
}
