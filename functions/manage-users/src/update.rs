//! Changes a user.

mod body;

use api::{
    HandlerError, HandlerResult, Member, Request,
    app::{App, Pepper},
    response::ok,
    retry_on_conflict,
};
pub(crate) use body::Body;
use domain::{
    access::{Action, Right},
    address::check_address,
    audit::{self, Effect, differences},
    limits::check_names,
    user::User,
};
use serde_json::{Map, Value, json};
use table::{ChangeRecords, Snapshot};

use crate::{
    notification::{access_changed, account_changed},
    response::UserResponse,
};

/// Responds with the changed user. A request that changes no value makes no audit event.
pub(crate) async fn update(app: &App<Pepper>, request: &Request<Member>) -> HandlerResult {
    request.query(&[])?;
    let body: Body = request.patch()?;
    let named = request.path("user_id")?;
    let user = retry_on_conflict(|| change(app, request, &named, &body)).await?;
    let version = user.version;
    Ok(ok(&UserResponse::from(user), Some(version)))
}

async fn change(
    app: &App<Pepper>,
    request: &Request<Member>,
    named: &str,
    body: &Body,
) -> Result<User, HandlerError> {
    let member = &request.caller;
    let before = app.user(member, named).await?;
    let action = if body.needs_write_user() { Action::WriteUser } else { Action::WriteProfile };
    let right = app.permit(member, action, before.as_resource()).await?;
    request.check_precondition(before.version)?;
    let mut after = before.clone();
    body.apply(&mut after);
    check_names((&before.roles, &before.groups), (&after.roles, &after.groups))?;
    let mut notifications = Vec::new();
    if right != Right::Own {
        let Snapshot { organization, catalog } = app.snapshot(member).await?;
        member.actor().may_change_user(right, &before, &after, &catalog)?;
        notifications.extend(account_changed(request, &organization.name, &before, &after));
    }
    check_address(&after)?;
    let changes = changes(&before, &after);
    if changes.is_empty() {
        return Ok(before);
    }
    after.version += 1;
    let action = audit::Action::UserUpdated(Effect::of_user(&before, &after));
    let events = [request.audit_event(action, after.user_id, changes)];
    notifications.extend(access_changed(request, &before, &after));
    let records = ChangeRecords::of(&events).notifying(&notifications);
    app.table.update_user(&before, &after, request.now, records).await?;
    Ok(after)
}

fn changes(before: &User, after: &User) -> Map<String, Value> {
    let shown = |user: &User| {
        json!({
            "name": user.name, "kind": user.kind, "status": user.status, "email": user.email,
            "roles": user.roles, "groups": user.groups, "notifications": user.notifications,
        })
    };
    differences(&shown(before), &shown(after))
}
