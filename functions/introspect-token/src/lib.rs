//! Tells the holder of an access key whether the key works, and its permissions (RFC 7662).
//!
//! The token is the proof, so nobody has to sign in. A caller without the secret learns nothing: the response
//! is the same for a token that is malformed, unknown, wrong, or of a deleted user.

mod body;
mod introspection;
mod introspector;
mod known_catalogs;
#[cfg(feature = "openapi")]
mod openapi;

use api::{CallerIds, HandlerError, HandlerResult, Request, app::SecretMatch, response, set_caller_ids};
use domain::{
    Time,
    access_key::{AccessKey, Status},
    organization,
    secret::StoredSecret,
    token::Token,
    user,
};
use introspection::{Introspection, Reason};
use table::KeyWithUser;

pub use introspector::Introspector;
#[cfg(feature = "openapi")]
pub use openapi::operations;

/// Responds with the permissions of a token that works now, or with the reason why it does not.
///
/// CIDR restrictions are not checked: the caller of this endpoint is not the client that uses the key.
pub async fn introspect_token(introspector: &Introspector, request: lambda_http::Request) -> HandlerResult {
    let request = Request::read_open(request)?;
    request.query(&[])?;
    let text = body::token(&request)?;
    Ok(response::ok(&introspect(introspector, &text, &request).await?, None))
}

async fn introspect(
    introspector: &Introspector,
    text: &str,
    request: &Request<()>,
) -> Result<Introspection, HandlerError> {
    let app = &introspector.app;
    let (now, moment) = (request.now, request.moment);
    let Ok(token) = Token::parse(&app.key_prefix, text) else { return Ok(Introspection::unknown()) };
    set_caller_ids(CallerIds::of_key(token.key_id()));
    if app.pepper.known_wrong(token, moment).is_some() {
        return Ok(Introspection::unknown());
    }
    let found = match app.table.access_key_or_user(token.key_id()).await? {
        (Some(key), Some(user)) => KeyWithUser { key, user },
        (_, user) => {
            app.pepper.remember_wrong(token, moment, user.as_ref(), None);
            return Ok(Introspection::unknown());
        }
    };
    if found.user.status == user::Status::Deleted {
        return Ok(Introspection::unknown());
    }
    match app.pepper.check(&found.key, token, moment).await? {
        SecretMatch::Active(secret) => introspect_key(introspector, &found, secret, now).await,
        SecretMatch::Retired => Ok(Introspection::inactive(Reason::Retired)),
        SecretMatch::None => {
            app.pepper.remember_wrong(token, moment, Some(&found.user), Some(&found.key));
            Ok(Introspection::unknown())
        }
    }
}

/// Introspects a key whose secret is right. A reason in the key itself comes before one in its user, and the
/// user's before the organization's.
async fn introspect_key(
    introspector: &Introspector,
    found: &KeyWithUser,
    secret: &StoredSecret,
    now: Time,
) -> Result<Introspection, HandlerError> {
    let KeyWithUser { key, user } = found;
    if let Some(reason) = inactive_reason(key, now) {
        return Ok(Introspection::inactive(reason));
    }
    if user.status != user::Status::Active {
        return Ok(Introspection::inactive(Reason::UserSuspended));
    }
    let Introspector { app, catalogs } = introspector;
    let Some((status, permissions)) = catalogs.read(&app.table, user.organization_id).await? else {
        return Ok(Introspection::unknown());
    };
    match status {
        organization::Status::Active => {}
        organization::Status::Suspended => {
            return Ok(Introspection::inactive(Reason::OrganizationSuspended));
        }
        organization::Status::Deleted => return Ok(Introspection::unknown()),
    }
    let scope = permissions.joined(&permissions.effective(user, Some(key)));
    Ok(Introspection::active(key, &scope, key.validity_of(secret)))
}

fn inactive_reason(key: &AccessKey, now: Time) -> Option<Reason> {
    match key.status(now) {
        Status::Active => None,
        Status::Inactive => Some(Reason::Inactive),
        Status::Expired => Some(Reason::Expired),
        Status::Revoked => Some(Reason::Revoked),
    }
}
