//! The response to an introspection, in the members of RFC 7662.

use domain::{
    Time,
    access_key::AccessKey,
    id::{KeyId, OrganizationId, UserId},
    joined::Joined,
    permission::Permission,
};
use serde::Serialize;

/// The state of a token: active with its permissions, or inactive with the reason.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub(crate) struct Introspection {
    active: bool,
    /// The reason of `false`. It is given only if the secret of the token is right.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "Reason"))]
    reason: Option<Reason>,
    #[serde(flatten)]
    token: Option<ActiveToken>,
}

/// The reason that a token with a right secret is not active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "InactiveReason"))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reason {
    Expired,
    Revoked,
    Inactive,
    Retired,
    UserSuspended,
    OrganizationSuspended,
}

#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(inline))]
struct ActiveToken {
    /// The permissions of the key, separated by spaces.
    scope: String,
    sub: UserId,
    client_id: KeyId,
    /// The first second at which the token is refused, seconds since the epoch; absent if it never expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "i64"))]
    exp: Option<i64>,
    /// When this token was issued, seconds since the epoch: at its rotation, or else at the key's creation.
    iat: i64,
    #[cfg_attr(feature = "openapi", schemars(extend("const" = "access_key")))]
    token_type: &'static str,
    organization_id: OrganizationId,
}

impl Introspection {
    /// Reveals nothing, because the caller has not shown a secret of the key.
    pub(crate) const fn unknown() -> Self {
        Self { active: false, reason: None, token: None }
    }

    pub(crate) const fn inactive(reason: Reason) -> Self {
        Self { active: false, reason: Some(reason), token: None }
    }

    pub(crate) fn active(
        key: &AccessKey,
        scope: &Joined<Permission>,
        (issued_at, ends): (Time, Option<Time>),
    ) -> Self {
        let token = ActiveToken {
            scope: scope.as_str().to_owned(),
            sub: key.user_id(),
            client_id: key.key_id,
            exp: ends.map(Time::seconds),
            iat: issued_at.seconds(),
            token_type: "access_key",
            organization_id: key.organization_id,
        };
        Self { active: true, reason: None, token: Some(token) }
    }
}
