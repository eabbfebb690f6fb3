//! Deletes a role or a group.

use api::{HandlerError, HandlerResult, Member, Request, app::App, response, retry_on_conflict};
use domain::{Error, access::Action, audit, role::Label};
use serde_json::json;

use crate::{
    change,
    role_or_group::{CatalogKind, RoleOrGroup},
};

/// Deletes a role or group. It grants nothing from then on. A new one of the same name grants anew.
pub(crate) async fn delete(app: &App, request: &Request<Member>, kind: CatalogKind) -> HandlerResult {
    request.query(&[])?;
    request.no_body()?;
    request.caller.actor().may(Action::WriteRoles)?;
    let name = kind.name_in_path(request)?;
    retry_on_conflict(|| remove(app, request, kind, &name)).await?;
    Ok(response::no_content())
}

async fn remove(
    app: &App,
    request: &Request<Member>,
    kind: CatalogKind,
    name: &Label,
) -> Result<(), HandlerError> {
    let member = &request.caller;
    let (seen, catalog) = change::read(app, member).await?;
    let found = RoleOrGroup::find(&catalog, kind, name).ok_or(Error::NotFound { what: kind.as_str() })?;
    request.check_precondition(found.version())?;
    let change = change::decide(seen, found.version(), &catalog, |catalog| found.remove_from(catalog))?;
    let event = |action| request.audit_event(action, name, json!({}));
    match found {
        RoleOrGroup::Role(role) => {
            member.actor().may_remove_role(&role)?;
            app.table.delete_role(name, change, &event(audit::Action::RoleDeleted)).await?;
        }
        RoleOrGroup::Group(group) => {
            member.actor().may_remove_group(&group, &catalog)?;
            app.table.delete_group(name, change, &event(audit::Action::GroupDeleted)).await?;
        }
    }
    Ok(())
}
