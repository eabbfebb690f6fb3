use api::{Answer, Paging, Problem, Request, app::App, deleted, ok, until_won};
use domain::{
    Error,
    access::Action,
    permission::Permission,
    role::{Label, Role},
    text::Description,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{MOST, name, new_name, refuse_more_than};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    permissions: Vec<Permission>,
    description: Option<Description>,
}

#[derive(Debug, Serialize)]
struct RoleAnswer {
    name: Label,
    permissions: Vec<Permission>,
    description: Option<Description>,
    updated_at: String,
    version: u64,
}

impl From<Role> for RoleAnswer {
    fn from(role: Role) -> Self {
        Self {
            name: role.name,
            permissions: role.permissions,
            description: role.description,
            updated_at: role.updated_at.to_string(),
            version: role.version,
        }
    }
}

/// Answers the role as it was set. Nobody sets what they do not hold.
pub(crate) async fn put(app: &App, request: &Request) -> Answer {
    request.query(&[])?;
    request.member()?.actor().may(Action::WriteRoles)?;
    let name = new_name(request, "role")?;
    let body: Body = request.body()?;
    if body.permissions.len() > MOST_PERMISSIONS {
        return Err(Error::invalid("permissions", format!("must be {MOST_PERMISSIONS} at most")).into());
    }
    let role = until_won(|| set(app, request, &name, &body)).await?;
    let version = role.version;
    Ok(ok(&RoleAnswer::from(role), Some(version)))
}

/// The most permissions of one role.
const MOST_PERMISSIONS: usize = 100;

async fn set(app: &App, request: &Request, name: &Label, body: &Body) -> Result<Role, Problem> {
    let member = request.member()?;
    let catalog = app.snapshot(member).await?.catalog;
    member.actor().may_grant(&body.permissions)?;
    let there = catalog.roles.get(name);
    if there.is_none() {
        refuse_more_than(MOST, "role", catalog.roles.len())?;
    }
    let seen = there.map_or(0, |there| there.version);
    request.check_precondition(seen)?;
    let role = Role {
        name: name.clone(),
        permissions: body.permissions.clone(),
        description: body.description.clone(),
        updated_at: request.now,
        version: seen + 1,
    };
    let action = if seen == 0 { "role.created" } else { "role.updated" };
    let changes = json!({"permissions": role.permissions, "description": role.description});
    let event = request.audit_event(member.organization_id, action, ("role", name.to_string()), changes);
    app.table.set_role(&role, seen, &event).await?;
    Ok(role)
}

/// Answers one role.
pub(crate) async fn get(app: &App, request: &Request) -> Answer {
    request.query(&[])?;
    let member = request.member()?;
    member.actor().may(Action::ReadRoles)?;
    let role = app.table.role(member.organization_id, &name(request, "role")?).await?;
    let role = role.ok_or(Error::NotFound { what: "role" })?;
    let version = role.version;
    Ok(ok(&RoleAnswer::from(role), Some(version)))
}

/// Answers a page of roles, by name.
pub(crate) async fn list(app: &App, request: &Request) -> Answer {
    let member = request.member()?;
    member.actor().may(Action::ReadRoles)?;
    let paging = Paging::read(request, Some(member.organization_id), "roles")?;
    let roles = app.snapshot(member).await?.catalog.roles;
    let after = |role: &Role| paging.after.as_deref().is_none_or(|after| role.name.as_str() > after);
    let mut rest = roles.into_values().filter(after);
    let items: Vec<_> = rest.by_ref().take(paging.limit).map(RoleAnswer::from).collect();
    let next = rest.next().and_then(|_| items.last()).map(|last| last.name.to_string());
    Ok(ok(&paging.answer(items, next), None))
}

/// Removes a role. It grants nothing from then on, and a new one of its name grants anew.
pub(crate) async fn delete(app: &App, request: &Request) -> Answer {
    request.query(&[])?;
    request.no_body()?;
    request.member()?.actor().may(Action::WriteRoles)?;
    let name = name(request, "role")?;
    until_won(|| remove(app, request, &name)).await?;
    Ok(deleted())
}

async fn remove(app: &App, request: &Request, name: &Label) -> Result<(), Problem> {
    let organization_id = request.member()?.organization_id;
    let there = app.table.role(organization_id, name).await?.ok_or(Error::NotFound { what: "role" })?;
    request.check_precondition(there.version)?;
    let event = request.audit_event(organization_id, "role.deleted", ("role", name.to_string()), json!({}));
    Ok(app.table.delete_role(name, there.version, &event).await?)
}
