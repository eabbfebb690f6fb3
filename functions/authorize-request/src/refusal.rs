//! Refusals: the reasons for which a request may not pass.

use api::{Metrics, Unit};

/// One refusal, by its reason.
const REFUSAL: Metrics<'static> = Metrics::of(&[("Refusals", Unit::Count, 1)]).by_reason();

/// A reason for which a request may not pass. It goes to the log, never to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No header holds a credential.
    NoCredential,
    /// More than one header holds a credential.
    SeveralCredentials,
    /// The request claims to be of the console, and is not: another value, another site, or another API.
    NotOfConsole,
    /// There is not exactly one cookie with the id of a session.
    BadSessionCookie,
    /// There is no such session: it was ended, or the deployment has another issuer since.
    UnknownSession,
    /// The session has expired.
    SessionExpired,
    /// The URL holds a credential.
    InUrl,
    /// The credential has no known form.
    Malformed,
    /// The token is well-formed, but there is no such key.
    UnknownKey,
    /// The key exists and the secret is not its own.
    WrongSecret,
    /// The secret was replaced by a rotation.
    RetiredSecret,
    /// The key was revoked.
    Revoked,
    /// The key is switched off.
    Inactive,
    /// The key has expired.
    Expired,
    /// The key may not be used from the address of the request.
    ForeignAddress,
    /// The user is suspended or deleted.
    UserNotActive,
    /// The organization is suspended, deleted, or does not exist.
    OrganizationNotActive,
    /// The path names another organization, or the sign-in has no user there.
    NotAMember,
    /// The first sign-in of an owner who owns as many organizations as a person may.
    OwnsTooMany,
    /// The route needs a permission that the caller lacks.
    NotPermitted,
    /// The caller's permissions and roles are too long for a context.
    ContextTooLarge,
    /// The path of a REST API holds a wildcard of policies, and routes of the API need permissions.
    WildcardInPath,
    /// The JWT is not acceptable, for this reason.
    BadJwt(&'static str),
    /// The third token of a person within a second whose address must be asked for: it would use up the calls of others.
    TooManyTokens,
    /// The address of the sign-in must be asked for, and other people used up the calls of this second.
    IssuerBusy,
    /// The route names no organization, and only access keys pass there.
    NoOrganization,
}

impl Refusal {
    /// Tells whether the caller is known but not allowed. A REST API answers 403 then, and 401 to an unknown caller.
    pub(crate) const fn is_of_known_caller(self) -> bool {
        matches!(
            self,
            Self::ForeignAddress
                | Self::UserNotActive
                | Self::OrganizationNotActive
                | Self::NotAMember
                | Self::OwnsTooMany
                | Self::NotPermitted
                | Self::ContextTooLarge
                | Self::TooManyTokens
                | Self::IssuerBusy
                | Self::NoOrganization
        )
    }

    const fn reason(self) -> &'static str {
        match self {
            Self::NoCredential => "no_credential",
            Self::SeveralCredentials => "several_credentials",
            Self::NotOfConsole => "not_of_console",
            Self::BadSessionCookie => "bad_session_cookie",
            Self::UnknownSession => "unknown_session",
            Self::SessionExpired => "session_expired",
            Self::InUrl => "credential_in_url",
            Self::Malformed => "malformed",
            Self::UnknownKey => "unknown_key",
            Self::WrongSecret => "wrong_secret",
            Self::RetiredSecret => "retired_secret",
            Self::Revoked => "revoked",
            Self::Inactive => "inactive",
            Self::Expired => "expired",
            Self::ForeignAddress => "foreign_address",
            Self::UserNotActive => "user_not_active",
            Self::OrganizationNotActive => "organization_not_active",
            Self::NotAMember => "not_a_member",
            Self::OwnsTooMany => "owns_too_many_organizations",
            Self::NotPermitted => "not_permitted",
            Self::ContextTooLarge => "context_too_large",
            Self::WildcardInPath => "wildcard_in_path",
            Self::BadJwt(why) => why,
            Self::TooManyTokens => "too_many_tokens",
            Self::IssuerBusy => "issuer_busy",
            Self::NoOrganization => "no_organization",
        }
    }

    /// Writes the one log line of this refusal.
    pub(crate) fn log(self) {
        tracing::info!(reason = self.reason(), metrics = %REFUSAL, "refused a request");
    }
}
