//! Deletes an access key, in any state.

#[cfg(feature = "openapi")]
mod openapi;

use api::{
    AccessKeyChange, HandlerError, HandlerResult, Member, Request, app::App, response, retry_on_conflict,
};
use domain::{access::Action, audit};
use serde_json::json;
use table::{ChangeRecords, KeyWithUser};

#[cfg(feature = "openapi")]
pub use openapi::operations;

/// Deletes the key that the path names. The next request with it is refused.
pub async fn delete_access_key(app: &App, request: lambda_http::Request) -> HandlerResult {
    let request = Request::read_member(request)?;
    request.query(&[])?;
    request.no_body()?;
    let named = request.path("key_id")?;
    retry_on_conflict(|| delete(app, &request, &named)).await?;
    Ok(response::no_content())
}

async fn delete(app: &App, request: &Request<Member>, named: &str) -> Result<(), HandlerError> {
    let KeyWithUser { key, user } = app.access_key(request, named, Action::EndKey).await?;
    request.check_precondition(key.version)?;
    let changes = json!({"name": key.name});
    let events = [request.audit_event(audit::Action::AccessKeyDeleted, key.key_id, changes)];
    let notification = request.key_notification(&user, &key, &app.key_prefix, AccessKeyChange::Deleted);
    let records = ChangeRecords::of(&events).notifying(notification.as_slice());
    Ok(app.table.delete_access_key(&key, records).await?)
}
