//! Describes a caller to itself: its organization, its rights and the expiry of its key.
//!
//! A key belongs to one organization, so `GET /v1/whoami` describes it whole. A person may belong to several: the route
//! with an organization describes them in that one.

#[cfg(feature = "openapi")]
mod openapi;

use api::{AuthorizerContext, BadContext, HandlerResult, Request, response::ok};
#[cfg(feature = "openapi")]
use domain::{
    id::{KeyId, OrganizationId, UserId},
    organization::Status,
    permission::Permission,
    role::Label,
    text::Name,
    user::Kind,
};
use serde::Serialize;

#[cfg(feature = "openapi")]
pub use openapi::operations;

/// Answers the authorizer's context as JSON: lists for roles and permissions, `null` for each value that does not
/// apply.
pub fn describe_caller(request: lambda_http::Request) -> HandlerResult {
    let context = AuthorizerContext::of_request(&request)?;
    let request = Request::read(request)?;
    request.query(&[])?;
    match request.route.as_str() {
        "GET /v1/whoami" => {}
        "GET /v1/organizations/{organization_id}/whoami" => drop(request.into_member()?),
        _ => return Err(request.unknown_route()),
    }
    Ok(ok(&Description::new(context)?, None))
}

/// The caller of the request. A member that does not apply is `null`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Caller"))]
struct Description {
    #[cfg_attr(feature = "openapi", schemars(with = "Option<OrganizationId>"))]
    organization_id: Option<String>,
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Status>"))]
    organization_status: Option<String>,
    #[cfg_attr(feature = "openapi", schemars(with = "Option<UserId>"))]
    user_id: Option<String>,
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Kind>"))]
    user_kind: Option<String>,
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Name>"))]
    user_name: Option<String>,
    #[cfg_attr(feature = "openapi", schemars(extend("enum" = ["access_key", "oidc"])))]
    auth_method: String,
    #[cfg_attr(feature = "openapi", schemars(with = "Option<KeyId>"))]
    key_id: Option<String>,
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Name>"))]
    key_name: Option<String>,
    #[cfg_attr(feature = "openapi", schemars(with = "Vec<Label>"))]
    roles: Vec<String>,
    #[cfg_attr(feature = "openapi", schemars(with = "Vec<Permission>"))]
    permissions: Vec<String>,
    #[cfg_attr(feature = "openapi", schemars(with = "Option<api::Instant>"))]
    expires_at: Option<String>,
    expires_in_days: Option<i64>,
    issuer: Option<String>,
    subject: Option<String>,
    email: Option<String>,
    email_verified: Option<bool>,
}

impl Description {
    fn new(context: AuthorizerContext) -> Result<Self, BadContext> {
        Ok(Self {
            organization_id: filled(context.organization_id),
            organization_status: filled(context.organization_status),
            user_id: filled(context.user_id),
            user_kind: filled(context.user_kind),
            user_name: filled(context.user_name),
            auth_method: context.auth_method,
            key_id: filled(context.key_id),
            key_name: filled(context.key_name),
            roles: words(&context.roles),
            permissions: words(&context.permissions),
            expires_at: filled(context.expires_at),
            expires_in_days: filled(context.expires_in_days)
                .map(|days| days.parse().map_err(|_| BadContext("expires_in_days")))
                .transpose()?,
            issuer: filled(context.issuer),
            subject: filled(context.subject),
            email: filled(context.email),
            email_verified: filled(context.email_verified)
                .map(|verified| verified.parse().map_err(|_| BadContext("email_verified")))
                .transpose()?,
        })
    }
}

fn filled(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}
