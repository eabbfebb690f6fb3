//! Who makes a request, as the authorizer established it.

use std::collections::HashMap;

use domain::{
    Time,
    access::Actor,
    id::{KeyId, OrganizationId, UserId},
    permission::Permission,
    sign_in::SignedIn,
    text::{Email, Name},
    user::Kind,
};
use serde_json::Value;

/// Who makes a request.
#[derive(Debug, Clone)]
pub enum Caller {
    /// A user of an organization.
    Member(Box<Member>),
    /// A person who signed in, on a route that names no organization.
    SignIn(SignedIn),
}

/// A user of an organization, and how it came.
#[derive(Debug, Clone)]
pub struct Member {
    /// The organization.
    pub organization_id: OrganizationId,
    /// Its status, as the API writes it.
    pub organization_status: String,
    /// The user.
    pub user_id: UserId,
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// The key it came with; `None` when it signed in.
    pub key_id: Option<KeyId>,
    /// That key's name.
    pub key_name: String,
    /// When that key expires.
    pub expires_at: Option<Time>,
    /// The whole days until then, as the authorizer counted them.
    pub expires_in_days: Option<i64>,
    /// Names of its roles.
    pub roles: Vec<String>,
    /// What it may do.
    pub permissions: Vec<Permission>,
    /// The sign-in it came with; `None` with a key.
    pub sign_in: Option<SignedIn>,
}

/// The authorizer's context is missing or is not what the authorizer writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the authorizer's context has no usable {0}")]
pub struct BadContext(pub &'static str);

impl Caller {
    /// Reads the authorizer's context. Whatever is odd is an error, never a guess.
    pub fn from_context(context: &HashMap<String, Value>) -> Result<Self, BadContext> {
        let context = Context(context);
        match context.text("organization_id")? {
            "" => Ok(Self::SignIn(context.sign_in()?)),
            _ => Ok(Self::Member(Box::new(context.member()?))),
        }
    }
}

impl Member {
    /// Returns the caller as rights go.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor {
            user_id: self.user_id,
            kind: self.kind,
            permissions: self.permissions.clone(),
            key_id: self.key_id,
        }
    }
}

struct Context<'a>(&'a HashMap<String, Value>);

impl<'a> Context<'a> {
    fn text(&self, name: &'static str) -> Result<&'a str, BadContext> {
        self.0.get(name).and_then(Value::as_str).ok_or(BadContext(name))
    }

    fn parsed<T>(&self, name: &'static str, parse: impl Fn(&str) -> Option<T>) -> Result<T, BadContext> {
        parse(self.text(name)?).ok_or(BadContext(name))
    }

    /// Reads a value that may be empty.
    fn optional<T>(
        &self,
        name: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, BadContext> {
        match self.text(name)? {
            "" => Ok(None),
            text => parse(text).map(Some).ok_or(BadContext(name)),
        }
    }

    fn member(&self) -> Result<Member, BadContext> {
        let by_key = self.parsed("auth_method", |method| match method {
            "access_key" => Some(true),
            "oidc" => Some(false),
            _ => None,
        })?;
        let key_id = self.optional("key_id", |text| KeyId::parse(text).ok())?;
        if by_key != key_id.is_some() {
            return Err(BadContext("key_id"));
        }
        Ok(Member {
            organization_id: self.parsed("organization_id", |text| OrganizationId::parse(text).ok())?,
            organization_status: self
                .parsed("organization_status", |text| (!text.is_empty()).then(|| text.to_owned()))?,
            user_id: self.parsed("user_id", |text| UserId::parse(text).ok())?,
            kind: self.parsed("user_kind", |text| match text {
                "owner" => Some(Kind::Owner),
                "normal" => Some(Kind::Normal),
                "machine" => Some(Kind::Machine),
                _ => None,
            })?,
            name: self.text("user_name")?.to_owned(),
            key_id,
            key_name: self.text("key_name")?.to_owned(),
            expires_at: self.optional("expires_at", Time::parse)?,
            expires_in_days: self.optional("expires_in_days", |text| text.parse().ok())?,
            roles: self.text("roles")?.split_whitespace().map(str::to_owned).collect(),
            permissions: self.permissions()?,
            sign_in: if by_key { None } else { Some(self.sign_in()?) },
        })
    }

    fn permissions(&self) -> Result<Vec<Permission>, BadContext> {
        let permission = |text: &str| Permission::try_from(text.to_owned()).ok();
        self.parsed("permissions", |text| text.split_whitespace().map(permission).collect())
    }

    fn sign_in(&self) -> Result<SignedIn, BadContext> {
        if self.text("auth_method")? != "oidc" {
            return Err(BadContext("auth_method"));
        }
        let required = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Ok(SignedIn {
            issuer: self.parsed("issuer", required)?,
            subject: self.parsed("subject", required)?,
            email: self.optional("email", |text| Email::try_from(text.to_owned()).ok())?,
            email_verified: self.parsed("email_verified", |text| match text {
                "true" => Some(true),
                "false" | "" => Some(false),
                _ => None,
            })?,
            name: self.optional("user_name", |text| Name::try_from(text.to_owned()).ok())?,
            permissions: self.permissions()?,
        })
    }
}
