//! The permissions of a key, each with the roles and groups that it comes from.

use std::collections::{BTreeMap, BTreeSet};

use api::{HandlerError, Member, Page, Paging, Request, app::App};
use domain::{
    grant::effective,
    id::KeyId,
    permission::Permission,
    role::{Catalog, Label},
    user::Kind,
};
use serde::Serialize;
use table::KeyWithUser;

/// The most sources of one page, so that its length is bounded: a page ends after the permission that reaches it.
const MAX_SOURCES: usize = 1_000;

/// A page of the permissions of a key, in order.
#[derive(Debug, Serialize)]
pub(crate) struct Explanation {
    key_id: KeyId,
    #[serde(flatten)]
    page: Page<Explained>,
}

/// One permission of the key: of its user, and within the key's own roles and groups.
#[derive(Debug, Serialize)]
pub(crate) struct Explained {
    permission: Permission,
    /// The roles and groups that cover it: those of the user, then those that the key is narrowed to.
    sources: Vec<Source>,
}

/// As `{"type": "group", "group": "…", "role": "…"}`, with `"of": "key"` if the key is narrowed to it.
#[derive(Debug, Clone, Serialize)]
struct Source {
    #[serde(flatten)]
    through: Through,
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<&'static str>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Through {
    Owner,
    Role { role: Label },
    Group { group: Label, role: Label },
}

/// Explains which permissions a key has now, a page at a time.
pub(crate) async fn explain(
    app: &App,
    request: &Request<Member>,
    found: &KeyWithUser,
) -> Result<Explanation, HandlerError> {
    let member = &request.caller;
    let key_id = found.key.key_id;
    let paging = Paging::read(request, Some(member.organization_id), &format!("permissions {key_id}"))?;
    let after = paging.after(|position| Permission::try_from(position.to_owned()).ok())?;
    let catalog = app.snapshot(member).await?.catalog;
    let carriers = Carrier::all(found, &catalog);
    let permissions = effective(&found.user, Some(&found.key), &catalog);
    let mut rest =
        permissions.into_iter().filter(|one| after.as_ref().is_none_or(|after| one > after)).peekable();
    let (mut items, mut sources) = (Vec::new(), 0);
    while items.len() < paging.limit && sources < MAX_SOURCES {
        let Some(permission) = rest.next() else { break };
        let covering: Vec<_> =
            carriers.iter().flat_map(|carrier| carrier.sources(&permission)).cloned().collect();
        sources += covering.len();
        items.push(Explained { permission, sources: covering });
    }
    let next = rest.peek().and_then(|_| items.last()).map(|last| last.permission.clone());
    Ok(Explanation { key_id, page: paging.page(items, next) })
}

/// The roles of a user, or those that narrow a key, and how each is carried.
struct Carrier<'a> {
    /// The user, if it holds everything by its kind.
    by_kind: Option<Source>,
    roles: BTreeMap<&'a Label, Vec<Source>>,
    /// The roles that grant each permission.
    granted_by: BTreeMap<&'a str, Vec<&'a Label>>,
}

impl<'a> Carrier<'a> {
    fn all(found: &'a KeyWithUser, catalog: &'a Catalog) -> Vec<Self> {
        let KeyWithUser { key, user } = found;
        let owner = Source { through: Through::Owner, of: None };
        let by_kind = (user.kind == Kind::Owner).then_some(owner);
        let mut all = vec![Self { by_kind, ..Self::new(&user.roles, &user.groups, catalog, None) }];
        if key.is_narrowed() {
            let (roles, groups) = (key.roles.as_deref(), key.groups.as_deref());
            let (roles, groups) = (roles.unwrap_or_default(), groups.unwrap_or_default());
            all.push(Self::new(roles, groups, catalog, Some("key")));
        }
        all
    }

    fn new(direct: &'a [Label], groups: &'a [Label], catalog: &'a Catalog, of: Option<&'static str>) -> Self {
        let mut roles: BTreeMap<&Label, Vec<Source>> = BTreeMap::new();
        for role in direct {
            roles.entry(role).or_default().push(Source { through: Through::Role { role: role.clone() }, of });
        }
        for group in groups.iter().filter_map(|name| catalog.groups.get(name)) {
            for role in &group.roles {
                let through = Through::Group { group: group.name.clone(), role: role.clone() };
                roles.entry(role).or_default().push(Source { through, of });
            }
        }
        let mut granted_by: BTreeMap<&str, Vec<&Label>> = BTreeMap::new();
        for role in roles.keys().filter_map(|name| catalog.roles.get(name)) {
            for permission in &role.permissions {
                granted_by.entry(permission.as_str()).or_default().push(&role.name);
            }
        }
        Self { by_kind: None, roles, granted_by }
    }

    /// Finds the sources that cover a permission, by looking up each text that could.
    fn sources(&self, permission: &Permission) -> impl Iterator<Item = &Source> {
        let granting = permission.covering().filter_map(|text| self.granted_by.get(text.as_str()));
        let roles: BTreeSet<&Label> = granting.flatten().copied().collect();
        self.by_kind.iter().chain(roles.into_iter().filter_map(|role| self.roles.get(role)).flatten())
    }
}
