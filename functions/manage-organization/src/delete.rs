//! Deletes an organization with everything that belongs to it.

use std::time::Duration;

use api::{HandlerError, HandlerResult, Member, Request, app::App, response::no_content, retry_on_conflict};
use domain::{Error, access::Action, audit, organization::Status};
use serde_json::json;

/// The time limit of the clean-up in the request itself. Runs of notify-expiring-keys do the rest.
const CLEAN_UP: Duration = Duration::from_secs(10);

/// Responds with 204 when the organization is marked as deleted and, unless it is large, cleaned up.
///
/// It is refused and hidden from the mark on. A request that was cut off can be repeated: it continues the
/// clean-up, as the next run of notify-expiring-keys does.
pub(crate) async fn delete(app: &App, request: &Request<Member>) -> HandlerResult {
    request.query(&[])?;
    request.no_body()?;
    request.caller.actor().may(Action::DeleteOrganization)?;
    retry_on_conflict(|| mark_deleted(app, request)).await?;
    let clean_up = Box::pin(app.table.remove_organization(request.caller.organization_id, request.now));
    match tokio::time::timeout(CLEAN_UP, clean_up).await {
        Ok(done) => done?,
        Err(_elapsed) => tracing::info!("left the rest of a deleted organization to the next run"),
    }
    Ok(no_content())
}

async fn mark_deleted(app: &App, request: &Request<Member>) -> Result<(), HandlerError> {
    let member = &request.caller;
    let missing = || Error::NotFound { what: "organization" };
    let organization = app.table.organization(member.organization_id).await?.ok_or_else(missing)?;
    if organization.status == Status::Deleted {
        return Ok(());
    }
    request.check_precondition(organization.version)?;
    organization.check_deletion(member.user_id, request.now)?;
    let owner = app.user(member, "me").await?;
    let changes = json!({"name": organization.name});
    let event =
        request.audit_event(audit::Action::OrganizationDeleted, organization.organization_id, changes);
    Ok(app.table.delete_organization(&organization, &owner, &event).await?)
}
