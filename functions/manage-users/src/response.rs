//! A user as the API shows it.

use api::{AccessKeyResponse, Instant};
use domain::{
    id::{OrganizationId, UserId},
    notification_preferences::NotificationPreferences,
    role::Label,
    text::{Email, Name},
    user::{Kind, Status, User},
};
use serde::Serialize;

/// A user as the API shows it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "User"))]
pub(crate) struct UserResponse {
    user_id: UserId,
    organization_id: OrganizationId,
    kind: Kind,
    name: Name,
    email: Option<Email>,
    status: Status,
    roles: Vec<Label>,
    groups: Vec<Label>,
    notifications: NotificationPreferences,
    created_at: Instant,
    /// Whether this person has ever signed in; `false` for machines.
    signed_in: bool,
    version: u64,
    /// The keys that were created with a machine user, with their secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "Vec<AccessKeyResponse>"))]
    access_keys: Option<Vec<AccessKeyResponse>>,
}

impl From<User> for UserResponse {
    fn from(user: User) -> Self {
        Self {
            user_id: user.user_id,
            organization_id: user.organization_id,
            kind: user.kind,
            name: user.name,
            email: user.email,
            status: user.status,
            roles: user.roles,
            groups: user.groups,
            notifications: user.notifications,
            created_at: Instant(user.created_at),
            signed_in: user.subject.is_some(),
            version: user.version,
            access_keys: None,
        }
    }
}

impl UserResponse {
    /// Adds the keys that were created with the user, if there are any.
    pub(crate) fn with_keys(mut self, keys: Vec<AccessKeyResponse>) -> Self {
        self.access_keys = Some(keys).filter(|keys| !keys.is_empty());
        self
    }
}
