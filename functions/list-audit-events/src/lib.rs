//! Lists what was changed in an organization, by whom, and from where.

mod answer;
mod filter;

use answer::EventAnswer;
use api::{Answer, Paging, Request, app::App, ok};
use domain::access::Action;
use lambda_http::Request as Event;

/// Answers a page of audit events, the newest first, as far back as they are kept.
pub async fn list_audit_events(app: &App, event: Event) -> Answer {
    let request = Request::read(event)?;
    let member = request.member()?;
    member.actor().may(Action::ReadAudit)?;
    let organization_id = member.organization_id;
    let paging = Paging::filtered(&request, Some(organization_id), "audit events", &filter::PARAMETERS)?;
    let filter = filter::read(&paging)?;
    let after = paging.after.as_deref();
    let page = app.table.audit_events(organization_id, &filter, request.now, after, paging.limit).await?;
    let items = page.items.into_iter().map(EventAnswer::from).collect();
    Ok(ok(&paging.answer(items, page.next), None))
}
