use api::{Answer, Problem, Request, app::App, ok, until_won};
use domain::{
    Error,
    access::{Action, Actor},
    grant::{grants_of, check_roles_exist, permissions},
    permission::Permission,
    role::{Catalog, Group, Label, Role, distinct},
    text::Description,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::entry::{Entry, EntryAnswer, Noun};

/// The most roles, and the most groups, of one organization: decisions read all of them.
const MOST: usize = 200;

/// The most permissions of a role, and the most roles of a group.
const MOST_MEMBERS: usize = 100;

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

/// Answers the role or group as it was set. Nobody sets one that grants what they do not hold.
pub(crate) async fn put(app: &App, request: &Request, noun: Noun) -> Answer {
    request.query(&[])?;
    request.member()?.actor().may(Action::WriteRoles)?;
    let name = Label::try_from(request.path(noun.as_str())?);
    let name = name.map_err(|rule| Error::invalid(noun.as_str(), rule.to_string()))?;
    let wanted = wanted(request, noun, name)?;
    let entry = until_won(|| set(app, request, noun, wanted.clone())).await?;
    let version = entry.version();
    Ok(ok(&EntryAnswer::from(entry), Some(version)))
}

fn wanted(request: &Request, noun: Noun, name: Label) -> Result<Entry, Problem> {
    let (updated_at, version) = (request.now, 0);
    let (entry, field, members) = match noun {
        Noun::Role => {
            let RoleBody { permissions, description } = request.body()?;
            let members = permissions.len();
            (
                Entry::Role(Role { name, permissions, description, updated_at, version }),
                "permissions",
                members,
            )
        }
        Noun::Group => {
            let GroupBody { roles, description } = request.body()?;
            let (members, roles) = (roles.len(), distinct(roles));
            (Entry::Group(Group { name, roles, description, updated_at, version }), "roles", members)
        }
    };
    if members > MOST_MEMBERS {
        return Err(Error::invalid(field, format!("must be {MOST_MEMBERS} at most")).into());
    }
    Ok(entry)
}

async fn set(app: &App, request: &Request, noun: Noun, mut entry: Entry) -> Result<Entry, Problem> {
    let member = request.member()?;
    let catalog = app.snapshot(member).await?.catalog;
    let changes = check(&entry, &member.actor(), &catalog)?;
    let all = Entry::all(catalog, noun);
    let seen = all.iter().find(|there| there.name() == entry.name()).map_or(0, Entry::version);
    if seen == 0 && all.len() >= MOST {
        return Err(Error::invalid(noun.as_str(), format!("an organization has {MOST} at most")).into());
    }
    request.check_precondition(seen)?;
    let action = format!("{}.{}", noun.as_str(), if seen == 0 { "created" } else { "updated" });
    let target = (noun.as_str(), entry.name().to_string());
    let event = request.audit_event(member.organization_id, &action, target, changes);
    match &mut entry {
        Entry::Role(role) => {
            role.version = seen + 1;
            app.table.set_role(role, seen, &event).await?;
        }
        Entry::Group(group) => {
            group.version = seen + 1;
            app.table.set_group(group, seen, &event).await?;
        }
    }
    Ok(entry)
}

/// Refuses what the caller does not hold and roles that do not exist; returns what an audit event tells.
fn check(entry: &Entry, actor: &Actor, catalog: &Catalog) -> Result<Value, Error> {
    match entry {
        Entry::Role(role) => {
            actor.may_grant(&role.permissions)?;
            Ok(json!({"permissions": role.permissions, "description": role.description}))
        }
        Entry::Group(group) => {
            check_roles_exist(&group.roles, &[], catalog)?;
            actor.may_grant(&permissions(grants_of(&group.roles, &[], catalog)))?;
            Ok(json!({"roles": group.roles, "description": group.description}))
        }
    }
}
