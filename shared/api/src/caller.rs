//! Who makes a request, as the authorizer established it.

use crate::authorizer_context::{AuthorizerContext, BadContext};
use domain::{
    Time,
    access::Actor,
    id::{KeyId, OrganizationId, UserId},
    joined::Joined,
    permission::Permission,
    sign_in::{SignedIn, StatedEmail, SubjectClaim},
    text::{Email, Name},
    user::Kind,
};

/// Who makes a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// A user of an organization.
    Member(Box<Member>),
    /// A person who signed in, on a route that names no organization.
    SignIn(SignedIn),
}

/// A user of an organization, with the credential of this request.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// The access key of this request; `None` for a sign-in.
    pub key_id: Option<KeyId>,
    /// That key's name; empty for a sign-in.
    pub key_name: String,
    /// When the secret of this request ends: with its key, or a replaced one with its overlap.
    pub expires_at: Option<Time>,
    /// The days until then, as the authorizer counted them: a started day is a whole one.
    pub expires_in_days: Option<i64>,
    /// Names of the user's roles.
    pub roles: Vec<String>,
    /// What the user may do with this credential.
    pub permissions: Joined<Permission>,
    /// The sign-in of this request; `None` for an access key.
    pub sign_in: Option<SignedIn>,
}

impl Member {
    /// Returns the caller for authorization checks.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor {
            user_id: self.user_id,
            kind: self.kind,
            permissions: self.permissions.to_vec(),
            key_id: self.key_id,
        }
    }
}

impl From<&Caller> for AuthorizerContext {
    /// A member's own name and permissions take the place of those that the identity provider gave.
    fn from(caller: &Caller) -> Self {
        let (member, sign_in) = match caller {
            Caller::Member(member) => (Some(&**member), member.sign_in.as_ref()),
            Caller::SignIn(sign_in) => (None, Some(sign_in)),
        };
        let mut context = Self::default();
        "access_key".clone_into(&mut context.auth_method);
        if let Some(sign_in) = sign_in {
            "oidc".clone_into(&mut context.auth_method);
            context.user_name = shown(sign_in.name.as_ref());
            sign_in.permissions.as_str().clone_into(&mut context.permissions);
            context.issuer.clone_from(&sign_in.issuer);
            context.subject.clone_from(&sign_in.subject);
            if let Some(email) = &sign_in.email {
                context.email = email.address.to_string();
                context.email_verified = email.verified.to_string();
            }
        }
        if let Some(member) = member {
            context.organization_id = member.organization_id.to_string();
            context.organization_status.clone_from(&member.organization_status);
            context.user_id = member.user_id.to_string();
            context.user_kind = member.kind.to_string();
            context.user_name.clone_from(&member.name);
            context.key_id = shown(member.key_id);
            context.key_name.clone_from(&member.key_name);
            context.roles = member.roles.join(" ");
            member.permissions.as_str().clone_into(&mut context.permissions);
            context.expires_at = shown(member.expires_at);
            context.expires_in_days = shown(member.expires_in_days);
        }
        context
    }
}

impl TryFrom<AuthorizerContext> for Caller {
    type Error = BadContext;

    fn try_from(context: AuthorizerContext) -> Result<Self, BadContext> {
        if context.organization_id.is_empty() {
            return Ok(Self::SignIn(sign_in(&context)?));
        }
        Ok(Self::Member(Box::new(member(context)?)))
    }
}

fn shown(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn member(context: AuthorizerContext) -> Result<Member, BadContext> {
    let sign_in = match context.auth_method.as_str() {
        "access_key" => None,
        "oidc" => Some(sign_in(&context)?),
        _ => return Err(BadContext("auth_method")),
    };
    let key_id = optional("key_id", &context.key_id, |text| KeyId::parse(text).ok())?;
    if key_id.is_some() == sign_in.is_some() {
        return Err(BadContext("key_id"));
    }
    Ok(Member {
        organization_id: required("organization_id", OrganizationId::parse(&context.organization_id).ok())?,
        user_id: required("user_id", UserId::parse(&context.user_id).ok())?,
        kind: required("user_kind", kind(&context.user_kind))?,
        key_id,
        expires_at: optional("expires_at", &context.expires_at, |text| Time::parse(text).ok())?,
        expires_in_days: optional("expires_in_days", &context.expires_in_days, |text| text.parse().ok())?,
        roles: context.roles.split_whitespace().map(str::to_owned).collect(),
        permissions: permissions(&context)?,
        organization_status: required("organization_status", not_empty(context.organization_status))?,
        name: context.user_name,
        key_name: context.key_name,
        sign_in,
    })
}

fn sign_in(context: &AuthorizerContext) -> Result<SignedIn, BadContext> {
    if context.auth_method != "oidc" {
        return Err(BadContext("auth_method"));
    }
    Ok(SignedIn {
        issuer: required("issuer", not_empty(context.issuer.clone()))?,
        // The context does not say. A handler that needs it has it from its settings.
        subject_claim: SubjectClaim::default(),
        subject: required("subject", not_empty(context.subject.clone()))?,
        email: email(context)?,
        name: optional("user_name", &context.user_name, |text| Name::try_from(text.to_owned()).ok())?,
        permissions: permissions(context)?,
    })
}

/// Reads the address. The context says of it whether it is verified, and nothing where there is none.
fn email(context: &AuthorizerContext) -> Result<Option<StatedEmail>, BadContext> {
    let address = optional("email", &context.email, |text| Email::try_from(text.to_owned()).ok())?;
    let verified = optional("email_verified", &context.email_verified, |text| text.parse().ok())?;
    match (address, verified) {
        (Some(address), Some(verified)) => Ok(Some(StatedEmail { address, verified })),
        (None, None) => Ok(None),
        _ => Err(BadContext("email_verified")),
    }
}

fn required<T>(name: &'static str, value: Option<T>) -> Result<T, BadContext> {
    value.ok_or(BadContext(name))
}

/// Parses a value that may be empty.
fn optional<T>(
    name: &'static str,
    text: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, BadContext> {
    if text.is_empty() { Ok(None) } else { required(name, parse(text)).map(Some) }
}

fn not_empty(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

fn kind(text: &str) -> Option<Kind> {
    [Kind::Owner, Kind::Normal, Kind::Machine].into_iter().find(|kind| kind.as_str() == text)
}

fn permissions(context: &AuthorizerContext) -> Result<Joined<Permission>, BadContext> {
    required("permissions", context.permissions.clone().try_into().ok())
}

#[cfg(test)]
mod tests;
