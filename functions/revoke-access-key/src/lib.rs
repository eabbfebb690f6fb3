//! Revokes an access key for ever. Its user keeps every other key and the sign-in.

#[cfg(feature = "openapi")]
mod openapi;

use api::{
    AccessKeyChange, AccessKeyResponse, HandlerError, HandlerResult, Member, Request, app::App, response,
    retry_on_conflict,
};
use domain::{Error, access::Action, audit};
use serde_json::json;
use table::{ChangeRecords, KeyWithUser};

#[cfg(feature = "openapi")]
pub use openapi::operations;

/// Revokes the key that the path names. The next request with it is refused.
pub async fn revoke_access_key(app: &App, request: lambda_http::Request) -> HandlerResult {
    let request = Request::read_member(request)?;
    request.query(&[])?;
    request.no_body()?;
    let named = request.path("key_id")?;
    let KeyWithUser { key, user } = retry_on_conflict(|| revoke(app, &request, &named)).await?;
    let version = key.version;
    let shown = AccessKeyResponse::new(key, &user, &app.key_prefix, request.now);
    Ok(response::ok(&shown, Some(version)))
}

async fn revoke(app: &App, request: &Request<Member>, named: &str) -> Result<KeyWithUser, HandlerError> {
    let member = &request.caller;
    let KeyWithUser { mut key, user } = app.access_key(request, named, Action::EndKey).await?;
    request.check_precondition(key.version)?;
    if key.revoked_at.is_some() {
        return Err(Error::AlreadyRevoked.into());
    }
    let changes = json!({"status": "revoked"});
    let events = [request.audit_event(audit::Action::AccessKeyRevoked, key.key_id, changes)];
    let notification = request.key_notification(&user, &key, &app.key_prefix, AccessKeyChange::Revoked);
    let records = ChangeRecords::of(&events).notifying(notification.as_slice());
    app.table.revoke_access_key(&key, member.user_id, request.now, records).await?;
    key.revoked_at = Some(request.now);
    key.updated_at = request.now;
    key.updated_by = member.user_id;
    key.version += 1;
    Ok(KeyWithUser { key, user })
}
