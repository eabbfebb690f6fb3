use api::{
    Answer, Problem, Request,
    app::{App, Pepper},
    ok, until_won,
};
use domain::{
    access::Action,
    user::{Status, User},
};
use serde::Deserialize;
use serde_json::json;

use crate::UserAnswer;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    status: Option<Wanted>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Wanted {
    Active,
    Suspended,
}

/// Answers the changed user. Setting what is set already changes nothing and is no event.
pub(crate) async fn update(app: &App<Pepper>, request: &Request) -> Answer {
    request.query(&[])?;
    request.member()?.actor().may(Action::WriteUser)?;
    let body: Body = request.patch()?;
    let named = request.path("user_id")?;
    let user = until_won(|| change(app, request, &named, &body)).await?;
    let version = user.version;
    Ok(ok(&UserAnswer::from(user), Some(version)))
}

async fn change(app: &App<Pepper>, request: &Request, named: &str, body: &Body) -> Result<User, Problem> {
    let member = request.member()?;
    let mut user = app.user(member, named).await?;
    request.check_precondition(user.version)?;
    let status = match body.status {
        Some(Wanted::Active) => Status::Active,
        Some(Wanted::Suspended) => Status::Suspended,
        None => user.status,
    };
    if status == user.status {
        return Ok(user);
    }
    let target = ("user", user.user_id.to_string());
    let event =
        request.audit_event(member.organization_id, "user.updated", target, json!({"status": status}));
    app.table.set_user_status(&user, status, &event).await?;
    user.status = status;
    user.version += 1;
    Ok(user)
}
