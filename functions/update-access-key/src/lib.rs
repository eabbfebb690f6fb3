//! Changes an access key: its labels, expiry, roles, groups and networks, and whether it is on.

mod body;
#[cfg(feature = "openapi")]
mod openapi;

use api::{
    AccessKeyChange, AccessKeyResponse, HandlerError, HandlerResult, Member, Request, app::App, response,
    retry_on_conflict,
};
use body::Body;
use domain::{
    Error,
    access::Action,
    access_key::AccessKey,
    audit::{self, Effect, differences},
    limits::check_names,
    notice,
    notification::Notification,
    quota::check_quota_again,
    role::Label,
    user::{Kind, User},
};
use serde_json::{Map, Value, json};
use table::{ChangeRecords, KeyWithUser, StoredAccessKey};

#[cfg(feature = "openapi")]
pub use openapi::operations;

/// Responds with the changed key. A request that changes no value makes no audit event.
pub async fn update_access_key(app: &App, request: lambda_http::Request) -> HandlerResult {
    let request = Request::read_member(request)?;
    request.query(&[])?;
    let body: Body = request.patch()?;
    let named = request.path("key_id")?;
    let KeyWithUser { key, user } = retry_on_conflict(|| change(app, &request, &named, &body)).await?;
    let version = key.version;
    let shown = AccessKeyResponse::new(key, &user, &app.key_prefix, request.now);
    Ok(response::ok(&shown, Some(version)))
}

async fn change(
    app: &App,
    request: &Request<Member>,
    named: &str,
    body: &Body,
) -> Result<KeyWithUser, HandlerError> {
    let member = &request.caller;
    let action = action(member, body);
    let KeyWithUser { key: before, user } = app.access_key(request, named, action).await?;
    request.check_precondition(before.version)?;
    if before.revoked_at.is_some() {
        return Err(Error::AlreadyRevoked.into());
    }
    let snapshot = app.snapshot(member).await?;
    let policy = &snapshot.organization.policy;
    let mut after = before.clone();
    body.apply(&mut after, member.user_id, request.now)?;
    check_names(names(&before), names(&after))?;
    if action != Action::EndKey {
        // Whoever administers users alone switches on the keys of people.
        let action = if user.kind == Kind::Machine { Action::WriteKey } else { action };
        let right = member.actor().may_for(action, user.as_resource().with_key(before.key_id))?;
        member.actor().may_change_key(right, &before, &after, &user, &snapshot.catalog)?;
    }
    let changes = changes(&before, &after);
    if changes.is_empty() {
        return Ok(KeyWithUser { key: before, user });
    }
    after.version += 1;
    after.updated_at = request.now;
    after.updated_by = member.user_id;
    let slot = if before.expires_at == after.expires_at {
        None
    } else {
        policy.check_new_expiry(before.expires_at, after.expires_at, request.now)?;
        after.expiry_set_at = request.now;
        let expiries = (before.expires_at, after.expires_at);
        Some(check_quota_again(&user, policy, after.key_id.suffix(), expiries, request.now)?)
    };
    let notifications = notifications(app, request, &user, &after, &changes);
    let action = audit::Action::AccessKeyUpdated(Effect::of_access_key(&before, &after));
    let events = [request.audit_event(action, after.key_id, changes)];
    let stored =
        StoredAccessKey { key: &after, due_at: notice::next_due(&policy.notices, &after, request.now) };
    let slot = slot.as_ref().map(|slot| (&user, slot));
    let records = ChangeRecords::of(&events).notifying(&notifications);
    app.table.update_access_key(&before, stored, slot, records).await?;
    Ok(KeyWithUser { key: after, user })
}

fn names(key: &AccessKey) -> (&[Label], &[Label]) {
    (key.roles.as_deref().unwrap_or_default(), key.groups.as_deref().unwrap_or_default())
}

/// Returns the right that a change takes.
///
/// Whoever may end a key may also switch it off. Whoever administers users may also switch on a person's key.
fn action(member: &Member, body: &Body) -> Action {
    if body.only_switches(false) {
        Action::EndKey
    } else if body.only_switches(true) && member.actor().may(Action::WriteUser).is_ok() {
        Action::WriteUser
    } else {
        Action::WriteKey
    }
}

fn changes(before: &AccessKey, after: &AccessKey) -> Map<String, Value> {
    let shown = |key: &AccessKey| {
        json!({
            "name": key.name, "description": key.description, "active": key.deactivated_by.is_none(),
            "expires_at": key.expires_at.map(|expiry| expiry.to_string()), "roles": key.roles, "groups": key.groups,
            "allowed_cidrs": key.allowed_cidrs,
        })
    };
    let mut changes = differences(&shown(before), &shown(after));
    if before.deactivated_by != after.deactivated_by {
        // Also where an administrator switches off what its user had switched off: only the holder changes.
        changes.insert("active".to_owned(), json!(after.deactivated_by.is_none()));
    }
    changes
}

/// Notifies the key's user of a change by somebody else: once for roles and groups, once for the rest.
fn notifications(
    app: &App,
    request: &Request<Member>,
    user: &User,
    key: &AccessKey,
    changes: &Map<String, Value>,
) -> Vec<Notification> {
    let of_access = |name: &String| matches!(name.as_str(), "roles" | "groups");
    let access = changes.keys().any(of_access).then_some(AccessKeyChange::AccessChanged);
    let rest = (!changes.keys().all(of_access)).then_some(AccessKeyChange::Changed);
    let notify = |change| request.key_notification(user, key, &app.key_prefix, change);
    [access, rest].into_iter().flatten().filter_map(notify).collect()
}
