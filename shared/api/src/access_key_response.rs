//! A key as responses show it, and its secret in the one response that does.

use domain::{
    Time,
    access_key::{AccessKey, Status},
    cidr::Cidr,
    id::{KeyId, OrganizationId, UserId},
    role::Label,
    text::{Description, Name},
    token::{KeyPrefix, SecretToken},
    user::{Kind, User},
};
use serde::Serialize;

use crate::Instant;

/// A key as the API shows it, never with a stored hash.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "AccessKey"))]
pub struct AccessKeyResponse {
    key_id: KeyId,
    #[cfg_attr(
        feature = "openapi",
        schemars(regex(pattern = "^[a-z][a-z0-9]{1,9}_[0-9A-Za-z]{20}_…[0-9A-Za-z]{4}$"))
    )]
    masked_key: String,
    name: Name,
    description: Option<Description>,
    organization_id: OrganizationId,
    user_id: UserId,
    user_kind: Kind,
    user_name: Name,
    status: Status,
    created_at: Instant,
    created_by: UserId,
    updated_at: Instant,
    updated_by: UserId,
    expires_at: Option<Instant>,
    expires_in_days: Option<i64>,
    last_used_at: Option<Instant>,
    rotated_at: Option<Instant>,
    overlap_ends_at: Option<Instant>,
    roles: Option<Vec<Label>>,
    groups: Option<Vec<Label>>,
    allowed_cidrs: Option<Vec<Cidr>>,
    version: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "SecretResponse"))]
    secret: Option<SecretResponse>,
}

/// A new secret, in each form that people copy. It is shown once.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Secret"))]
pub struct SecretResponse {
    #[cfg_attr(
        feature = "openapi",
        schemars(regex(pattern = "^[a-z][a-z0-9]{1,9}_[0-9A-Za-z]{20}_[0-9A-Za-z]{49}$"))
    )]
    token: String,
    /// The prefix and the key id: the public half of the pair.
    #[cfg_attr(feature = "openapi", schemars(regex(pattern = "^[a-z][a-z0-9]{1,9}_[0-9A-Za-z]{20}$")))]
    access_key: String,
    #[cfg_attr(feature = "openapi", schemars(regex(pattern = "^[0-9A-Za-z]{49}$")))]
    secret_key: String,
    /// Both halves and the organization's id on one line.
    copy: String,
}

impl std::fmt::Debug for SecretResponse {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SecretResponse([redacted])")
    }
}

impl AccessKeyResponse {
    /// Shows a key of this user as it is at `now`.
    #[must_use]
    pub fn new(key: AccessKey, user: &User, prefix: &KeyPrefix, now: Time) -> Self {
        let overlap_ends_at = key.overlap_ends_at(now);
        Self {
            masked_key: key.masked_key(prefix),
            status: key.status(now),
            key_id: key.key_id,
            user_id: key.user_id(),
            name: key.name,
            description: key.description,
            organization_id: key.organization_id,
            user_kind: user.kind,
            user_name: user.name.clone(),
            created_at: Instant(key.created_at),
            created_by: key.created_by,
            updated_at: Instant(key.updated_at),
            updated_by: key.updated_by,
            expires_at: key.expires_at.map(Instant),
            expires_in_days: key.expires_at.map(|expiry| expiry.days_from(now)),
            last_used_at: key.last_used_at.map(Instant),
            rotated_at: key.rotated_at.map(Instant),
            overlap_ends_at: overlap_ends_at.map(Instant),
            roles: key.roles,
            groups: key.groups,
            allowed_cidrs: key.allowed_cidrs,
            version: key.version,
            secret: None,
        }
    }

    /// Adds the secret, for the response to the request that made it.
    #[must_use]
    pub fn with_secret(mut self, token: &SecretToken) -> Self {
        let (access_key, secret_key) = (token.access_key().to_owned(), token.secret_key().to_owned());
        self.secret = Some(SecretResponse {
            token: token.expose().to_owned(),
            copy: format!("key:{access_key}::{secret_key},tenant id: {}", self.organization_id),
            access_key,
            secret_key,
        });
        self
    }
}
