use api::{
    Answer, Problem, Request,
    app::{App, Pepper},
    differences, ok, removable, settable, until_won,
};
use domain::{
    Error,
    access::Action,
    grant::{check_roles_exist, of_user, permissions},
    inbox::Message,
    notification::Notification,
    notification_preferences::NotificationPreferencesChange,
    role::{Catalog, Label, distinct},
    text::{Email, Name},
    user::{Kind, Status, User},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use table::{Snapshot, ChangeRecords};

use crate::UserAnswer;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    #[serde(default, deserialize_with = "settable")]
    name: Option<Name>,
    #[serde(default, deserialize_with = "settable")]
    notifications: Option<NotificationPreferencesChange>,
    #[serde(default, deserialize_with = "settable")]
    kind: Option<Kind>,
    #[serde(default, deserialize_with = "settable")]
    status: Option<Wanted>,
    #[serde(default, deserialize_with = "removable")]
    email: Option<Option<Email>>,
    #[serde(default, deserialize_with = "settable")]
    roles: Option<Vec<Label>>,
    #[serde(default, deserialize_with = "settable")]
    groups: Option<Vec<Label>>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Wanted {
    Active,
    Suspended,
}

impl Body {
    /// Tells whether it asks for more than what people change of themselves.
    const fn is_of_rights(&self) -> bool {
        self.kind.is_some()
            || self.status.is_some()
            || self.email.is_some()
            || self.roles.is_some()
            || self.groups.is_some()
    }

    fn apply(&self, user: &mut User) {
        fn set<T: Clone>(value: &mut T, wanted: Option<&T>) {
            if let Some(wanted) = wanted {
                value.clone_from(wanted);
            }
        }
        set(&mut user.name, self.name.as_ref());
        set(&mut user.kind, self.kind.as_ref());
        set(&mut user.email, self.email.as_ref());
        set(&mut user.roles, self.roles.clone().map(distinct).as_ref());
        set(&mut user.groups, self.groups.clone().map(distinct).as_ref());
        if let Some(switches) = &self.notifications {
            user.notifications = user.notifications.changed(switches);
        }
        match self.status {
            Some(Wanted::Active) => user.status = Status::Active,
            Some(Wanted::Suspended) => user.status = Status::Suspended,
            None => {}
        }
    }
}

/// Answers the changed user. Setting what is set already changes nothing and is no event.
pub(crate) async fn update(app: &App<Pepper>, request: &Request) -> Answer {
    request.query(&[])?;
    let body: Body = request.patch()?;
    let named = request.path("user_id")?;
    let user = until_won(|| change(app, request, &named, &body)).await?;
    let version = user.version;
    Ok(ok(&UserAnswer::from(user), Some(version)))
}

async fn change(app: &App<Pepper>, request: &Request, named: &str, body: &Body) -> Result<User, Problem> {
    let member = request.member()?;
    let before = app.user(member, named).await?;
    let action = if body.is_of_rights() { Action::WriteUser } else { Action::WriteProfile };
    app.permit(member, action, before.as_resource()).await?;
    request.check_precondition(before.version)?;
    let mut after = before.clone();
    body.apply(&mut after);
    if body.is_of_rights() {
        let Snapshot { catalog, .. } = app.snapshot(member).await?;
        check_rights(request, &before, &after, &catalog)?;
    }
    let changes = changes(&before, &after);
    if changes.is_empty() {
        return Ok(before);
    }
    after.version += 1;
    let target = ("user", after.user_id.to_string());
    let events =
        [request.audit_event(member.organization_id, "user.updated", target, Value::Object(changes))];
    let news = access_changed(request, &before, &after)?;
    app.table.update_user(&before, &after, ChangeRecords::of(&events).notifying(news.as_slice())).await?;
    Ok(after)
}

/// Refuses to give or take what the caller does not hold, and people without an address.
///
/// Whoever changes another's address or status could take their place, so they must hold all that
/// the other holds.
fn check_rights(request: &Request, before: &User, after: &User, catalog: &Catalog) -> Result<(), Problem> {
    let actor = request.member()?.actor();
    actor.may_grant(&permissions(of_user(before, catalog)))?;
    actor.may_grant(&permissions(of_user(after, catalog)))?;
    let new = |after: &[Label], before: &[Label]| -> Vec<Label> {
        after.iter().filter(|name| !before.contains(name)).cloned().collect()
    };
    check_roles_exist(&new(&after.roles, &before.roles), &new(&after.groups, &before.groups), catalog)?;
    if after.kind != Kind::Machine && after.email.is_none() {
        return Err(Error::invalid(
            "email",
            "must be given for people: it is how they sign in and are warned",
        )
        .into());
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

/// Tells the user that somebody else changed its roles or groups.
fn access_changed(request: &Request, before: &User, after: &User) -> Result<Option<Notification>, Problem> {
    let changed = before.roles != after.roles || before.groups != after.groups;
    let by_another = request.member()?.user_id != after.user_id;
    if !(changed && by_another) {
        return Ok(None);
    }
    let message = Message::access_changed(request.now, after, &request.member()?.name);
    Ok(Notification::to(after, message))
}
