//! Sets a role or a group whole: creates it, or replaces the one of its name.

use api::{HandlerError, HandlerResult, Member, Request, app::App, response, retry_on_conflict};
use domain::{
    Error,
    access::{Action, Actor},
    audit,
    permission::Permission,
    role::{Catalog, Group, Label, Role, distinct},
    text::Description,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::role_or_group::{CatalogKind, RoleOrGroup, RoleOrGroupResponse};

/// The most roles, and the most groups, of one organization. Every decision reads all of them.
const MAX_PER_ORGANIZATION: usize = 200;

/// The most permissions of a role, and the most roles of a group.
const MAX_MEMBERS: usize = 100;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleBody {
    permissions: Vec<Permission>,
    description: Option<Description>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupBody {
    roles: Vec<Label>,
    description: Option<Description>,
}

/// Responds with the role or group. Nobody sets one that grants a permission they do not hold, before or after.
pub(crate) async fn put(app: &App, request: &Request<Member>, kind: CatalogKind) -> HandlerResult {
    request.query(&[])?;
    request.caller.actor().may(Action::WriteRoles)?;
    let name = Label::try_from(request.path(kind.as_str())?);
    let name = name.map_err(|rule| Error::invalid(kind.as_str(), rule.to_string()))?;
    let wanted = parse(request, kind, name)?;
    let set = retry_on_conflict(|| set(app, request, kind, wanted.clone())).await?;
    let version = set.version();
    Ok(response::ok(&RoleOrGroupResponse::from(set), Some(version)))
}

fn parse(request: &Request<Member>, kind: CatalogKind, name: Label) -> Result<RoleOrGroup, HandlerError> {
    let (updated_at, version) = (request.now, 0);
    let (wanted, field, members) = match kind {
        CatalogKind::Role => {
            let RoleBody { permissions, description } = request.body()?;
            let members = permissions.len();
            let role = Role { name, permissions, description, updated_at, version };
            (RoleOrGroup::Role(role), "permissions", members)
        }
        CatalogKind::Group => {
            let GroupBody { roles, description } = request.body()?;
            let (members, roles) = (roles.len(), distinct(roles));
            let group = Group { name, roles, description, updated_at, version };
            (RoleOrGroup::Group(group), "roles", members)
        }
    };
    if members > MAX_MEMBERS {
        return Err(Error::invalid(field, format!("must be {MAX_MEMBERS} at most")).into());
    }
    Ok(wanted)
}

async fn set(
    app: &App,
    request: &Request<Member>,
    kind: CatalogKind,
    mut wanted: RoleOrGroup,
) -> Result<RoleOrGroup, HandlerError> {
    use audit::Action::{GroupCreated, GroupUpdated, RoleCreated, RoleUpdated};
    let member = &request.caller;
    let catalog = app.snapshot(member).await?.catalog;
    let changes = check(&wanted, &member.actor(), &catalog)?;
    let all = RoleOrGroup::all(catalog, kind);
    let seen = all.iter().find(|one| one.name() == wanted.name()).map_or(0, RoleOrGroup::version);
    if seen == 0 && all.len() >= MAX_PER_ORGANIZATION {
        let rule = format!("an organization has {MAX_PER_ORGANIZATION} at most");
        return Err(Error::invalid(kind.as_str(), rule).into());
    }
    request.check_precondition(seen)?;
    match &mut wanted {
        RoleOrGroup::Role(role) => {
            role.version = seen + 1;
            let action = if seen == 0 { RoleCreated } else { RoleUpdated };
            app.table.set_role(role, seen, &request.audit_event(action, &role.name, changes)).await?;
        }
        RoleOrGroup::Group(group) => {
            group.version = seen + 1;
            let action = if seen == 0 { GroupCreated } else { GroupUpdated };
            app.table.set_group(group, seen, &request.audit_event(action, &group.name, changes)).await?;
        }
    }
    Ok(wanted)
}

/// Checks the rights to set a role or group. Returns the new values.
fn check(wanted: &RoleOrGroup, actor: &Actor, catalog: &Catalog) -> Result<Value, Error> {
    match wanted {
        RoleOrGroup::Role(role) => {
            actor.may_set_role(catalog.roles.get(&role.name), role)?;
            Ok(json!({"permissions": role.permissions, "description": role.description}))
        }
        RoleOrGroup::Group(group) => {
            actor.may_set_group(catalog.groups.get(&group.name), group, catalog)?;
            Ok(json!({"roles": group.roles, "description": group.description}))
        }
    }
}
