//! Deletes a user with everything that belongs to it.

use api::{
    HandlerError, HandlerResult, Member, Request,
    app::{App, Pepper},
    response::no_content,
    retry_on_conflict,
};
use domain::{
    access::{Action, Right},
    audit,
    id::UserId,
    user::{Status, User},
};
use serde_json::json;
use table::{ChangeRecords, Snapshot};

use crate::notification::account_changed;

/// Responds with 204 when nothing of the user is left. People who delete their own user leave.
///
/// The user is marked deleted first, and is refused and hidden from then on. A request that was cut off can
/// be repeated: it continues the clean-up.
pub(crate) async fn delete(app: &App<Pepper>, request: &Request<Member>) -> HandlerResult {
    request.query(&[])?;
    request.no_body()?;
    let named = request.path("user_id")?;
    let user_id = retry_on_conflict(|| mark_deleted(app, request, &named)).await?;
    app.table.remove_user(user_id).await?;
    Ok(no_content())
}

async fn mark_deleted(
    app: &App<Pepper>,
    request: &Request<Member>,
    named: &str,
) -> Result<UserId, HandlerError> {
    let member = &request.caller;
    let user = app.user_even_if_deleted(member, named).await?;
    let right = member.actor().may_for(Action::DeleteUser, user.as_resource())?;
    if user.status == Status::Deleted {
        return Ok(user.user_id);
    }
    request.check_precondition(user.version)?;
    let mut notifications = Vec::new();
    if right != Right::Own {
        let Snapshot { organization, catalog } = app.snapshot(member).await?;
        member.actor().may_remove_user(&user, &catalog)?;
        let after = User { status: Status::Deleted, ..user.clone() };
        notifications.extend(account_changed(request, &organization.name, &user, &after));
    }
    let changes = json!({"kind": user.kind, "name": user.name});
    let events = [request.audit_event(audit::Action::UserDeleted, user.user_id, changes)];
    let records = ChangeRecords::of(&events).notifying(&notifications);
    app.table.delete_user(&user, request.now, records).await?;
    Ok(user.user_id)
}
