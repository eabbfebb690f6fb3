//! Changes an access key: its labels, its expiry, what it is narrowed to, on and off.

mod body;
mod rights;

use api::{Answer, Done, KeyAnswer, Problem, Request, app::App, differences, ok, until_won};
use body::Body;
use domain::{
    Error,
    access::Action,
    access_key::AccessKey,
    notification::Notification,
    notice,
    policy::Notices,
    quota::{QuotaSlot, check_quota_again},
    user::User,
};
use lambda_http::Request as Event;
use serde_json::{Map, Value, json};
use table::{KeyWithUser, StoredAccessKey, ChangeRecords};

/// Answers the changed key. Setting what is set already changes nothing and is no event.
pub async fn update_access_key(app: &App, event: Event) -> Answer {
    let request = Request::read(event)?;
    request.query(&[])?;
    let body: Body = request.patch()?;
    let named = request.path("key_id")?;
    let KeyWithUser { key, user } = until_won(|| change(app, &request, &named, &body)).await?;
    let version = key.version;
    Ok(ok(&KeyAnswer::new(key, user.kind, &app.key_prefix, request.now), Some(version)))
}

async fn change(app: &App, request: &Request, named: &str, body: &Body) -> Result<KeyWithUser, Problem> {
    let member = request.member()?;
    let KeyWithUser { key: before, user } = found(app, request, named, body).await?;
    request.check_precondition(before.version)?;
    if before.revoked_at.is_some() {
        return Err(Error::AlreadyRevoked.into());
    }
    let snapshot = app.snapshot(member).await?;
    let policy = &snapshot.organization.policy;
    let mut after = before.clone();
    body.apply(&mut after, member.user_id, request.now)?;
    rights::check(request, &before, &after, &user, &snapshot.catalog)?;
    let changes = changes(&before, &after);
    if changes.is_empty() {
        return Ok(KeyWithUser { key: before, user });
    }
    after.version += 1;
    after.updated_at = request.now;
    after.updated_by = member.user_id;
    let room = if before.expires_at == after.expires_at {
        None
    } else {
        policy.check_new_expiry(before.expires_at, after.expires_at, request.now)?;
        after.expiry_set_at = request.now;
        Some(check_quota_again(&user, policy, after.key_id.suffix(), request.now)?)
    };
    let news = news(app, request, &user, &after, &changes)?;
    let (place, told) = (room.as_ref().map(|room| (&user, room)), (&policy.notices, &news[..]));
    store(app, request, &before, &after, place, changes, told).await?;
    Ok(KeyWithUser { key: after, user })
}

/// Finds the key if the caller may ask this of it.
///
/// Switching off is an end of use, open to those who may end any key; switching on again is open
/// also to those who administer users.
async fn found(app: &App, request: &Request, named: &str, body: &Body) -> Result<KeyWithUser, Problem> {
    let member = request.member()?;
    let action = if body.only_switches(false) {
        Action::EndKey
    } else if body.only_switches(true) && member.actor().may(Action::WriteUser).is_ok() {
        Action::WriteUser
    } else {
        Action::WriteKey
    };
    app.access_key(member, named, action).await
}

async fn store(
    app: &App,
    request: &Request,
    before: &AccessKey,
    after: &AccessKey,
    place: Option<(&User, &QuotaSlot)>,
    changes: Map<String, Value>,
    told: (&Notices, &[Notification]),
) -> Result<(), Problem> {
    let target = ("access_key", after.key_id.to_string());
    let due_at = notice::next_due(told.0, after, request.now);
    let events =
        [request.audit_event(after.organization_id, "access_key.updated", target, Value::Object(changes))];
    let new = StoredAccessKey { key: after, due_at };
    Ok(app.table.update_access_key(before, new, place, ChangeRecords::of(&events).notifying(told.1)).await?)
}

fn changes(before: &AccessKey, after: &AccessKey) -> Map<String, Value> {
    let shown = |key: &AccessKey| {
        json!({
            "name": key.name, "description": key.description, "active": key.deactivated_by.is_none(),
            "expires_at": key.expires_at.map(|expiry| expiry.to_string()), "roles": key.roles, "groups": key.groups,
            "allowed_cidrs": key.allowed_cidrs,
        })
    };
    differences(&shown(before), &shown(after))
}

/// Tells the key's user what somebody else changed: what it may do, and all else.
fn news(
    app: &App,
    request: &Request,
    user: &User,
    after: &AccessKey,
    changes: &Map<String, Value>,
) -> Result<Vec<Notification>, Problem> {
    let of_access = |name: &String| matches!(name.as_str(), "roles" | "groups");
    let mut done = Vec::new();
    if changes.keys().any(of_access) {
        done.push(Done::AccessChanged);
    }
    if !changes.keys().all(of_access) {
        done.push(Done::Changed);
    }
    let news = done.into_iter().map(|done| request.news_of_key(user, after, &app.key_prefix, done));
    Ok(news.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}
