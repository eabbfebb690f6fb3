use domain::{
    Time,
    access_key::AccessKey,
    id::{KeyId, OrganizationId, UserId},
    permission::Permission,
};
use serde::Serialize;

/// What a token is worth, in the members of RFC 7662.
#[derive(Debug, Serialize)]
pub(crate) struct Introspection {
    active: bool,
    /// Why a token whose secret is right does not work.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    #[serde(flatten)]
    worth: Option<Worth>,
}

/// Why a token whose secret is right does not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
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
struct Worth {
    /// What the key may do, with spaces between.
    scope: String,
    sub: UserId,
    client_id: KeyId,
    /// From this second of the epoch on the token is refused; absent where that is never.
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
    /// When this very token was issued, in seconds of the epoch: at the rotation that made it, or else at
    /// the key's creation.
    iat: i64,
    token_type: &'static str,
    organization_id: OrganizationId,
}

impl Introspection {
    /// Tells nothing: whoever asks has not shown a secret of the key.
    pub(crate) const fn unknown() -> Self {
        Self { active: false, reason: None, worth: None }
    }

    pub(crate) const fn inactive(reason: Reason) -> Self {
        Self { active: false, reason: Some(reason), worth: None }
    }

    pub(crate) fn active(
        key: &AccessKey,
        permissions: &[Permission],
        (issued_at, ends): (Time, Option<Time>),
    ) -> Self {
        let worth = Worth {
            scope: permissions.iter().map(Permission::as_str).collect::<Vec<_>>().join(" "),
            sub: key.user_id(),
            client_id: key.key_id,
            exp: ends.map(Time::seconds),
            iat: issued_at.seconds(),
            token_type: "access_key",
            organization_id: key.organization_id,
        };
        Self { active: true, reason: None, worth: Some(worth) }
    }
}
