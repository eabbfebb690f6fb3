use api::{Answer, Paging, Problem, Request, app::App, deleted, ok, until_won};
use domain::{
    Error,
    access::Action,
    grant::{carried, carries_known, permissions},
    role::{Group, Label},
    text::Description,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{MOST, name, new_name, refuse_more_than};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    roles: Vec<Label>,
    description: Option<Description>,
}

#[derive(Debug, Serialize)]
struct GroupAnswer {
    name: Label,
    roles: Vec<Label>,
    description: Option<Description>,
    updated_at: String,
    version: u64,
}

impl From<Group> for GroupAnswer {
    fn from(group: Group) -> Self {
        Self {
            name: group.name,
            roles: group.roles,
            description: group.description,
            updated_at: group.updated_at.to_string(),
            version: group.version,
        }
    }
}

/// Answers the group as it was set. Nobody sets roles that hold what they do not.
pub(crate) async fn put(app: &App, request: &Request) -> Answer {
    request.query(&[])?;
    request.member()?.actor().may(Action::WriteRoles)?;
    let name = new_name(request, "group")?;
    let body: Body = request.body()?;
    if body.roles.len() > MOST_ROLES {
        return Err(Error::invalid("roles", format!("must be {MOST_ROLES} at most")).into());
    }
    let group = until_won(|| set(app, request, &name, &body)).await?;
    let version = group.version;
    Ok(ok(&GroupAnswer::from(group), Some(version)))
}

/// The most roles of one group.
const MOST_ROLES: usize = 100;

async fn set(app: &App, request: &Request, name: &Label, body: &Body) -> Result<Group, Problem> {
    let member = request.member()?;
    let catalog = app.snapshot(member).await?.catalog;
    carries_known(&body.roles, &[], &catalog)?;
    member.actor().may_grant(&permissions(carried(&body.roles, &[], &catalog)))?;
    let there = catalog.groups.get(name);
    if there.is_none() {
        refuse_more_than(MOST, "group", catalog.groups.len())?;
    }
    let seen = there.map_or(0, |there| there.version);
    request.check_precondition(seen)?;
    let group = Group {
        name: name.clone(),
        roles: body.roles.clone(),
        description: body.description.clone(),
        updated_at: request.now,
        version: seen + 1,
    };
    let action = if seen == 0 { "group.created" } else { "group.updated" };
    let changes = json!({"roles": group.roles, "description": group.description});
    let event = request.audit_event(member.organization_id, action, ("group", name.to_string()), changes);
    app.table.set_group(&group, seen, &event).await?;
    Ok(group)
}

/// Answers one group.
pub(crate) async fn get(app: &App, request: &Request) -> Answer {
    request.query(&[])?;
    let member = request.member()?;
    member.actor().may(Action::ReadRoles)?;
    let group = app.table.group(member.organization_id, &name(request, "group")?).await?;
    let group = group.ok_or(Error::NotFound { what: "group" })?;
    let version = group.version;
    Ok(ok(&GroupAnswer::from(group), Some(version)))
}

/// Answers a page of groups, by name.
pub(crate) async fn list(app: &App, request: &Request) -> Answer {
    let member = request.member()?;
    member.actor().may(Action::ReadRoles)?;
    let paging = Paging::read(request, Some(member.organization_id), "groups")?;
    let groups = app.snapshot(member).await?.catalog.groups;
    let after = |group: &Group| paging.after.as_deref().is_none_or(|after| group.name.as_str() > after);
    let mut rest = groups.into_values().filter(after);
    let items: Vec<_> = rest.by_ref().take(paging.limit).map(GroupAnswer::from).collect();
    let next = rest.next().and_then(|_| items.last()).map(|last| last.name.to_string());
    Ok(ok(&paging.answer(items, next), None))
}

/// Removes a group. It grants nothing from then on, and a new one of its name grants anew.
pub(crate) async fn delete(app: &App, request: &Request) -> Answer {
    request.query(&[])?;
    request.no_body()?;
    request.member()?.actor().may(Action::WriteRoles)?;
    let name = name(request, "group")?;
    until_won(|| remove(app, request, &name)).await?;
    Ok(deleted())
}

async fn remove(app: &App, request: &Request, name: &Label) -> Result<(), Problem> {
    let organization_id = request.member()?.organization_id;
    let there = app.table.group(organization_id, name).await?.ok_or(Error::NotFound { what: "group" })?;
    request.check_precondition(there.version)?;
    let event = request.audit_event(organization_id, "group.deleted", ("group", name.to_string()), json!({}));
    Ok(app.table.delete_group(name, there.version, &event).await?)
}
