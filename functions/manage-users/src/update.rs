//! Changes a user.

use api::{
    HandlerError, HandlerResult, Member, Request,
    app::{App, Pepper},
    non_null, nullable,
    response::ok,
    retry_on_conflict,
};
use domain::{
    Error,
    access::{Action, Right},
    audit::{self, differences},
    limits::check_names,
    notification_preferences::NotificationPreferencesChange,
    role::{Label, distinct},
    text::{Email, Name},
    user::{Kind, Status, User},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use table::{ChangeRecords, Snapshot};

use crate::{
    notification::{access_changed, account_changed},
    response::UserResponse,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    #[serde(default, deserialize_with = "non_null")]
    name: Option<Name>,
    #[serde(default, deserialize_with = "non_null")]
    notifications: Option<NotificationPreferencesChange>,
    #[serde(default, deserialize_with = "non_null")]
    kind: Option<Kind>,
    #[serde(default, deserialize_with = "non_null")]
    status: Option<RequestedStatus>,
    #[serde(default, deserialize_with = "nullable")]
    email: Option<Option<Email>>,
    #[serde(default, deserialize_with = "non_null")]
    roles: Option<Vec<Label>>,
    #[serde(default, deserialize_with = "non_null")]
    groups: Option<Vec<Label>>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RequestedStatus {
    Active,
    Suspended,
}

impl Body {
    /// Tells whether a value is changed that people cannot change of themselves.
    const fn needs_write_user(&self) -> bool {
        self.kind.is_some()
            || self.status.is_some()
            || self.email.is_some()
            || self.roles.is_some()
            || self.groups.is_some()
    }

    fn apply(&self, user: &mut User) {
        fn set<T: Clone>(value: &mut T, new: Option<&T>) {
            if let Some(new) = new {
                value.clone_from(new);
            }
        }
        set(&mut user.name, self.name.as_ref());
        set(&mut user.kind, self.kind.as_ref());
        if let Some(email) = &self.email {
            user.set_email(email.clone());
        }
        set(&mut user.roles, self.roles.clone().map(distinct).as_ref());
        set(&mut user.groups, self.groups.clone().map(distinct).as_ref());
        if let Some(preferences) = &self.notifications {
            user.notifications = user.notifications.changed(preferences);
        }
        match self.status {
            Some(RequestedStatus::Active) => user.status = Status::Active,
            Some(RequestedStatus::Suspended) => user.status = Status::Suspended,
            None => {}
        }
    }
}

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
    let events = [request.audit_event(audit::Action::UserUpdated, after.user_id, changes)];
    notifications.extend(access_changed(request, &before, &after));
    let records = ChangeRecords::of(&events).notifying(&notifications);
    app.table.update_user(&before, &after, records).await?;
    Ok(after)
}

fn check_address(user: &User) -> Result<(), Error> {
    if user.kind != Kind::Machine && user.email.is_none() {
        return Err(Error::invalid(
            "email",
            "must be given for people: it is how they sign in and are warned",
        ));
    }
    Ok(())
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
