//! Removes an access key, in whatever state it is.

use api::{Answer, Done, Problem, Request, app::App, deleted, until_won};
use domain::access::Action;
use lambda_http::Request as Event;
use serde_json::json;
use table::{KeyWithUser, ChangeRecords};

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
    let KeyWithUser { key, user } = app.access_key(member, named, Action::EndKey).await?;
    request.check_precondition(key.version)?;
    let target = ("access_key", key.key_id.to_string());
    let changes = json!({"name": key.name});
    let events = [request.audit_event(member.organization_id, "access_key.deleted", target, changes)];
    let news = request.news_of_key(&user, &key, &app.key_prefix, Done::Deleted)?;
    let records = ChangeRecords::of(&events).notifying(news.as_slice());
    Ok(app.table.delete_access_key(&key, records).await?)
}
