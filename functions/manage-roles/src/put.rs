//! Sets a role or a group whole: creates it, or replaces the one of its name.

use std::collections::BTreeSet;

use api::{HandlerError, HandlerResult, Member, Request, app::App, response, retry_on_conflict};
use domain::{
    Error,
    access::{Action, Actor},
    audit::{self, Effect},
    limits::{MAX_NAMES, MAX_PERMISSIONS, check_list},
    permission::Permission,
    role::{Catalog, Group, Label, Role, distinct},
    text::Description,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    change,
    response::RoleOrGroupResponse,
    role_or_group::{CatalogKind, RoleOrGroup},
};

/// The permissions of a role.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "NewRole"))]
#[serde(deny_unknown_fields)]
pub(crate) struct RoleBody {
    #[cfg_attr(feature = "openapi", schemars(length(max = 100)))]
    permissions: Vec<Permission>,
    description: Option<Description>,
}

/// The roles of a group.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "NewGroup"))]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupBody {
    #[cfg_attr(feature = "openapi", schemars(length(max = 20)))]
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
    Ok(match kind {
        CatalogKind::Role => {
            let RoleBody { mut permissions, description } = request.body()?;
            let mut seen = BTreeSet::new();
            permissions.retain(|permission| seen.insert(permission.clone()));
            RoleOrGroup::Role(Role { name, permissions, description, updated_at, version })
        }
        CatalogKind::Group => {
            let GroupBody { roles, description } = request.body()?;
            let roles = distinct(roles);
            RoleOrGroup::Group(Group { name, roles, description, updated_at, version })
        }
    })
}

async fn set(
    app: &App,
    request: &Request<Member>,
    kind: CatalogKind,
    mut wanted: RoleOrGroup,
) -> Result<RoleOrGroup, HandlerError> {
    let member = &request.caller;
    let (seen, catalog) = change::read(app, member).await?;
    let changes = check(&wanted, &member.actor(), &catalog)?;
    let before = RoleOrGroup::find(&catalog, kind, wanted.name());
    let replaces = before.as_ref().map_or(0, RoleOrGroup::version);
    check_members(before.as_ref(), &wanted)?;
    request.check_precondition(replaces)?;
    let change = change::decide(seen, replaces, &catalog, |catalog| wanted.clone().set_in(catalog))?;
    let action = action(before.as_ref(), &wanted);
    match &mut wanted {
        RoleOrGroup::Role(role) => {
            role.version = change.version;
            app.table.set_role(role, change, &request.audit_event(action, &role.name, changes)).await?;
        }
        RoleOrGroup::Group(group) => {
            group.version = change.version;
            app.table.set_group(group, change, &request.audit_event(action, &group.name, changes)).await?;
        }
    }
    Ok(wanted)
}

fn action(before: Option<&RoleOrGroup>, after: &RoleOrGroup) -> audit::Action {
    use audit::Action::{GroupCreated, GroupUpdated, RoleCreated, RoleUpdated};
    match (before, after) {
        (Some(RoleOrGroup::Role(before)), RoleOrGroup::Role(after)) => {
            RoleUpdated(Effect::of_role(before, after))
        }
        (Some(RoleOrGroup::Group(before)), RoleOrGroup::Group(after)) => {
            GroupUpdated(Effect::of_group(before, after))
        }
        (_, RoleOrGroup::Role(_)) => RoleCreated,
        (_, RoleOrGroup::Group(_)) => GroupCreated,
    }
}

/// Checks the number of permissions of a role, or of roles of a group.
fn check_members(before: Option<&RoleOrGroup>, after: &RoleOrGroup) -> Result<(), Error> {
    match (before, after) {
        (Some(RoleOrGroup::Role(before)), RoleOrGroup::Role(after)) => {
            check_list("permissions", &before.permissions, &after.permissions, MAX_PERMISSIONS)
        }
        (Some(RoleOrGroup::Group(before)), RoleOrGroup::Group(after)) => {
            check_list("roles", &before.roles, &after.roles, MAX_NAMES)
        }
        (_, RoleOrGroup::Role(after)) => check_list("permissions", &[], &after.permissions, MAX_PERMISSIONS),
        (_, RoleOrGroup::Group(after)) => check_list("roles", &[], &after.roles, MAX_NAMES),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: CatalogKind, body: &str) -> Option<RoleOrGroup> {
        let event = fuzz::event_with_body(include_str!("../../../tests/events/manage-roles.json"), body);
        let request = Request::read_member(lambda_http::request::from_str(&event).unwrap());
        let request = request.unwrap_or_else(|error| panic!("{error}"));
        parse(&request, kind, "deployer".to_owned().try_into().unwrap()).ok()
    }

    /// Plays bodies of roles or groups, whose list is the member `list`.
    fn fuzzed(target: &'static str, kind: CatalogKind, list: &str) {
        fuzz::documents(target).play(|text| {
            let Some((set, document)) = fuzz::read_body(text, |text| read(kind, text)) else { return false };
            let (read, description) = match set {
                RoleOrGroup::Role(role) => (json!(role.permissions), role.description),
                RoleOrGroup::Group(group) => (json!(group.roles), group.description),
            };
            let mut first: Vec<Value> = Vec::new();
            for entry in document[list].as_array().unwrap() {
                if !first.contains(entry) {
                    first.push(entry.clone());
                }
            }
            if kind == CatalogKind::Group {
                first.sort_by(|one, other| one.as_str().cmp(&other.as_str()));
            }
            assert_eq!(read, Value::from(first), "each once");
            assert_eq!(json!(description), document["description"]);
            true
        });
    }

    #[test]
    fn fuzzed_roles_hold_each_permission_of_their_body_once() {
        fuzzed("role", CatalogKind::Role, "permissions");
    }

    #[test]
    fn fuzzed_groups_hold_each_role_of_their_body_once() {
        fuzzed("group", CatalogKind::Group, "roles");
    }
}
