//! Lists the audit events of an organization: each change with its time, actor and address.

mod filter;
#[cfg(feature = "openapi")]
mod openapi;
mod response;

use api::{HandlerResult, Paging, Request, app::App, response::ok};
use domain::access::Action;
use response::AuditEventResponse;

#[cfg(feature = "openapi")]
pub use openapi::operations;

/// Responds with a page of audit events, the newest first.
pub async fn list_audit_events(app: &App, request: lambda_http::Request) -> HandlerResult {
    let request = Request::read_member(request)?;
    let member = &request.caller;
    member.actor().may(Action::ReadAudit)?;
    let organization_id = member.organization_id;
    let paging = Paging::filtered(&request, Some(organization_id), "audit events", &filter::PARAMETERS)?;
    let filter = filter::read(&paging)?;
    let after = paging.after(|position| position.parse().ok())?;
    let page = app.table.audit_events(organization_id, &filter, request.now, after, paging.limit).await?;
    let shown = page.items.into_iter().map(AuditEventResponse::from).collect();
    Ok(ok(&paging.page(shown, page.next), None))
}
