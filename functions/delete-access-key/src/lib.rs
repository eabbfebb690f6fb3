//! Removes an access key, in whatever state it is.

use api::{Answer, Problem, Request, app::App, deleted, until_won};
use domain::access::Action;
use lambda_http::Request as Event;
use serde_json::json;

/// Deletes the key that the path names; the next request with it is refused.
pub async fn delete_access_key(app: &App, event: Event) -> Answer {
    let request = Request::read(event)?;
    request.query(&[])?;
    request.no_body()?;
    let named = request.path("key_id")?;
    until_won(|| delete(app, &request, &named)).await?;
    Ok(deleted())
}

async fn delete(app: &App, request: &Request, named: &str) -> Result<(), Problem> {
    let member = request.member()?;
    let key = app.access_key(member, named, Action::EndKey).await?.key;
    request.check_precondition(key.version)?;
    let target = ("access_key", key.key_id.to_string());
    let event =
        request.audit_event(member.organization_id, "access_key.deleted", target, json!({"name": key.name}));
    Ok(app.table.delete_access_key(&key, &event).await?)
}
