//! Tells a caller who it is, what it may do and when its key expires.

use api::{Caller, HandlerResult, Request, response};
use serde::Serialize;

/// Answers what the authorizer established: lists for roles and permissions, `null` for what does
/// not apply.
pub fn describe_caller(request: lambda_http::Request) -> HandlerResult {
    let request = Request::read(request)?;
    request.query(&[])?;
    Ok(response::ok(&Description::from(request.caller), None))
}

#[derive(Debug, Default, Serialize)]
struct Description {
    organization_id: Option<String>,
    organization_status: Option<String>,
    user_id: Option<String>,
    user_kind: Option<&'static str>,
    user_name: Option<String>,
    auth_method: &'static str,
    key_id: Option<String>,
    key_name: Option<String>,
    roles: Vec<String>,
    permissions: Vec<String>,
    expires_at: Option<String>,
    expires_in_days: Option<i64>,
    issuer: Option<String>,
    subject: Option<String>,
    email: Option<String>,
    email_verified: Option<bool>,
}

impl From<Caller> for Description {
    fn from(caller: Caller) -> Self {
        let (member, sign_in) = match caller {
            Caller::Member(mut member) => {
                let sign_in = member.sign_in.take();
                (Some(member), sign_in)
            }
            Caller::SignIn(sign_in) => (None, Some(sign_in)),
        };
        let mut description = Self { auth_method: "access_key", ..Self::default() };
        if let Some(sign_in) = sign_in {
            description.auth_method = "oidc";
            description.user_name = sign_in.name.map(String::from);
            description.issuer = Some(sign_in.issuer);
            description.subject = Some(sign_in.subject);
            description.email_verified = sign_in.email.is_some().then_some(sign_in.email_verified);
            description.email = sign_in.email.map(String::from);
            description.permissions = sign_in.permissions.into_iter().map(String::from).collect();
        }
        if let Some(member) = member {
            description.organization_id = Some(member.organization_id.into());
            description.organization_status = Some(member.organization_status);
            description.user_id = Some(member.user_id.into());
            description.user_kind = Some(member.kind.as_str());
            description.user_name = Some(member.name);
            description.key_name = member.key_id.is_some().then_some(member.key_name);
            description.key_id = member.key_id.map(String::from);
            description.roles = member.roles;
            description.permissions = member.permissions.into_iter().map(String::from).collect();
            description.expires_at = member.expires_at.map(|expiry| expiry.to_string());
            description.expires_in_days = member.expires_in_days;
        }
        description
    }
}
