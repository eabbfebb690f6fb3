//! Shows and lists roles and groups.

use api::{HandlerResult, Member, Paging, Request, app::App, response};
use domain::{Error, access::Action, role::Label};

use crate::{
    response::RoleOrGroupResponse,
    role_or_group::{CatalogKind, RoleOrGroup},
};

/// Responds with one role or group.
pub(crate) async fn get(app: &App, request: &Request<Member>, kind: CatalogKind) -> HandlerResult {
    request.query(&[])?;
    let member = &request.caller;
    member.actor().may(Action::ReadRoles)?;
    let found = RoleOrGroup::read(app, member.organization_id, kind, &kind.name_in_path(request)?).await?;
    let found = found.ok_or(Error::NotFound { what: kind.as_str() })?;
    let version = found.version();
    request.show(&RoleOrGroupResponse::from(found), version)
}

/// Responds with a page of roles or groups, by name.
pub(crate) async fn list(app: &App, request: &Request<Member>, kind: CatalogKind) -> HandlerResult {
    let member = &request.caller;
    member.actor().may(Action::ReadRoles)?;
    let paging = Paging::read(request, Some(member.organization_id), kind.as_str())?;
    let after = paging.after(|position| Label::try_from(position.to_owned()).ok())?;
    let all = RoleOrGroup::all(app.snapshot(member).await?.catalog, kind);
    let mut rest = all.into_iter().filter(|one| after.as_ref().is_none_or(|after| one.name() > after));
    let items: Vec<_> = rest.by_ref().take(paging.limit).collect();
    let next = rest.next().and_then(|_| items.last()).map(|last| last.name().clone());
    let shown = items.into_iter().map(RoleOrGroupResponse::from).collect();
    Ok(response::ok(&paging.page(shown, next), None))
}
