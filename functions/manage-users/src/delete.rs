use api::{
    Answer, Problem, Request,
    app::{App, Pepper},
    deleted, until_won,
};
use domain::{
    access::Action,
    grant::{of_user, permissions},
    id::UserId,
    user::Status,
};
use serde_json::json;

/// Answers 204 when nothing of the user is left.
///
/// The user is refused and hidden from its first step on; a call that was cut off can be repeated,
/// and goes on with the clean-up.
pub(crate) async fn delete(app: &App<Pepper>, request: &Request) -> Answer {
    request.query(&[])?;
    request.no_body()?;
    let named = request.path("user_id")?;
    let user_id = until_won(|| mark(app, request, &named)).await?;
    app.table.remove_user(user_id).await?;
    Ok(deleted())
}

async fn mark(app: &App<Pepper>, request: &Request, named: &str) -> Result<UserId, Problem> {
    let member = request.member()?;
    member.actor().may(Action::WriteUser)?;
    let user = app.user_or_its_rest(member, named).await?;
    if user.status == Status::Deleted {
        return Ok(user.user_id);
    }
    request.check_precondition(user.version)?;
    let catalog = app.snapshot(member).await?.catalog;
    member.actor().may_grant(&permissions(of_user(&user, &catalog)))?;
    let target = ("user", user.user_id.to_string());
    let changes = json!({"kind": user.kind, "name": user.name});
    let event = request.audit_event(member.organization_id, "user.deleted", target, changes);
    app.table.delete_user(&user, &event).await?;
    Ok(user.user_id)
}
