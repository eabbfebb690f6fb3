//! Ends an access key for ever. Its user keeps every other way in.

use api::{Answer, Done, KeyAnswer, Problem, Request, app::App, ok, until_won};
use domain::{Error, access::Action};
use lambda_http::Request as Event;
use serde_json::json;
use table::{KeyWithUser, ChangeRecords};

/// Revokes the key that the path names; the next request with it is refused.
pub async fn revoke_access_key(app: &App, event: Event) -> Answer {
    let request = Request::read(event)?;
    request.query(&[])?;
    request.no_body()?;
    let named = request.path("key_id")?;
    let KeyWithUser { key, user } = until_won(|| revoke(app, &request, &named)).await?;
    let version = key.version;
    Ok(ok(&KeyAnswer::new(key, user.kind, &app.key_prefix, request.now), Some(version)))
}

async fn revoke(app: &App, request: &Request, named: &str) -> Result<KeyWithUser, Problem> {
    let member = request.member()?;
    let mut found = app.access_key(member, named, Action::EndKey).await?;
    request.check_precondition(found.key.version)?;
    if found.key.revoked_at.is_some() {
        return Err(Error::AlreadyRevoked.into());
    }
    let target = ("access_key", found.key.key_id.to_string());
    let events = [request.audit_event(
        member.organization_id,
        "access_key.revoked",
        target,
        json!({"status": "revoked"}),
    )];
    let news = request.news_of_key(&found.user, &found.key, &app.key_prefix, Done::Revoked)?;
    let records = ChangeRecords::of(&events).notifying(news.as_slice());
    app.table.revoke_access_key(&found.key, member.user_id, request.now, records).await?;
    found.key.revoked_at = Some(request.now);
    found.key.updated_at = request.now;
    found.key.updated_by = member.user_id;
    found.key.version += 1;
    Ok(found)
}
