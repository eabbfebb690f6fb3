//! The permissions of a key, each with the roles and groups that it comes from.

mod sources;

use api::{HandlerError, Member, Page, Paging, Request, app::App};
use domain::{grant::effective, id::KeyId, permission::Permission};
use serde::Serialize;
use sources::{Carrier, Source};
use table::KeyWithUser;

/// The most sources of one page, so that its length is bounded: a page ends after the permission that reaches it.
const MAX_SOURCES: usize = 1_000;

/// A page of the permissions of a key, in order.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub(crate) struct Explanation {
    key_id: KeyId,
    #[serde(flatten)]
    page: Page<Explained>,
}

/// One permission of the key: of its user, and within the key's own roles and groups.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "ExplainedPermission"))]
pub(crate) struct Explained {
    permission: Permission,
    /// The roles and groups that cover it: those of the user, then those that the key is narrowed to.
    sources: Vec<Source>,
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
