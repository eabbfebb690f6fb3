use api::{Answer, Problem, Request, app::App, deleted, until_won};
use domain::{Error, access::Action, role::Label};
use serde_json::json;

use crate::{
    entry::{Entry, Noun},
    name,
};

/// Removes a role or group. It grants nothing from then on; a new one of its name grants anew.
pub(crate) async fn delete(app: &App, request: &Request, noun: Noun) -> Answer {
    request.query(&[])?;
    request.no_body()?;
    request.member()?.actor().may(Action::WriteRoles)?;
    let name = name(request, noun)?;
    until_won(|| remove(app, request, noun, &name)).await?;
    Ok(deleted())
}

async fn remove(app: &App, request: &Request, noun: Noun, name: &Label) -> Result<(), Problem> {
    let organization_id = request.member()?.organization_id;
    let there = Entry::read(app, organization_id, noun, name).await?;
    let there = there.ok_or(Error::NotFound { what: noun.as_str() })?;
    request.check_precondition(there.version())?;
    let target = (noun.as_str(), name.to_string());
    let event =
        request.audit_event(organization_id, &format!("{}.deleted", noun.as_str()), target, json!({}));
    match there {
        Entry::Role(role) => app.table.delete_role(name, role.version, &event).await?,
        Entry::Group(group) => app.table.delete_group(name, group.version, &event).await?,
    }
    Ok(())
}
