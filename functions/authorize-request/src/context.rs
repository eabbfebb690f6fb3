use domain::{
    Time, access_key::AccessKey, organization::Organization, permission::Permission, role::Label,
    sign_in::SignedIn, user::User,
};
use serde::Serialize;

/// What backends learn of a caller. All text, so that REST and HTTP APIs agree; empty where it
/// does not apply.
#[derive(Debug, Default, Serialize)]
pub struct Context {
    organization_id: String,
    organization_status: String,
    user_id: String,
    user_kind: String,
    user_name: String,
    auth_method: &'static str,
    key_id: String,
    key_name: String,
    roles: String,
    permissions: String,
    expires_at: String,
    expires_in_days: String,
    issuer: String,
    subject: String,
    email: String,
    email_verified: String,
}

impl Context {
    /// Describes a user of an organization.
    pub(crate) fn member(organization: &Organization, user: &User, permissions: &[Permission]) -> Self {
        Self {
            organization_id: user.organization_id.to_string(),
            organization_status: organization.status.as_str().to_owned(),
            user_id: user.user_id.to_string(),
            user_kind: user.kind.to_string(),
            user_name: user.name.to_string(),
            roles: user.roles.iter().map(Label::as_str).collect::<Vec<_>>().join(" "),
            permissions: joined(permissions),
            ..Self::default()
        }
    }

    /// Adds the key that the caller came with.
    pub(crate) fn with_key(mut self, key: &AccessKey, now: Time) -> Self {
        self.auth_method = "access_key";
        self.key_id = key.key_id.to_string();
        self.key_name = key.name.to_string();
        if let Some(expiry) = key.expires_at {
            self.expires_at = expiry.to_string();
            self.expires_in_days = expiry.days_from(now).to_string();
        }
        self
    }

    /// Adds the sign-in that the caller came with.
    pub(crate) fn with_sign_in(mut self, sign_in: &SignedIn) -> Self {
        self.auth_method = "oidc";
        self.issuer.clone_from(&sign_in.issuer);
        self.subject.clone_from(&sign_in.subject);
        if let Some(email) = &sign_in.email {
            self.email = email.to_string();
            self.email_verified = sign_in.email_verified.to_string();
        }
        if self.user_id.is_empty() {
            self.user_name = sign_in.name.as_ref().map(ToString::to_string).unwrap_or_default();
            self.permissions = joined(&sign_in.permissions);
        }
        self
    }

    /// Names the caller to the gateway's own log.
    pub(crate) fn principal(&self) -> &str {
        if self.user_id.is_empty() { &self.subject } else { &self.user_id }
    }
}

fn joined(permissions: &[Permission]) -> String {
    permissions.iter().map(Permission::as_str).collect::<Vec<_>>().join(" ")
}
