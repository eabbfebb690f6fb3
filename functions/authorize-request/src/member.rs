use std::sync::Arc;

use domain::{
    access_key::AccessKey,
    grant, organization,
    permission::Permission,
    user::{Status, User},
};
use table::Snapshot;

use crate::{Authorizer, event::Presented, failure::Failure, refusal::Refusal};

/// A user who may act, the organization, and what the user may do.
pub(crate) struct Cleared {
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) permissions: Vec<Permission>,
}

/// Checks what holds for keys and sign-ins alike: user, path, organization, permission.
///
/// `lifting` is whether this is an owner's sign-in on a route that reads or lifts a suspension.
pub(crate) async fn clear(
    authorizer: &Authorizer,
    presented: &Presented,
    user: &User,
    key: Option<&AccessKey>,
    lifting: bool,
) -> Result<Result<Cleared, Refusal>, Failure> {
    if user.status != Status::Active {
        return Ok(Err(Refusal::UserNotActive));
    }
    if presented.organization_id.as_ref().is_some_and(|named| named != user.organization_id.as_str()) {
        return Ok(Err(Refusal::NotAMember));
    }
    let Some(snapshot) = authorizer.snapshots.get(&authorizer.app.table, user.organization_id).await? else {
        return Ok(Err(Refusal::OrganizationNotActive));
    };
    if snapshot.organization.status != organization::Status::Active && !lifting {
        return Ok(Err(Refusal::OrganizationNotActive));
    }
    let permissions = grant::effective(user, key, &snapshot.catalog);
    if !authorizer.routes.permit(presented, &permissions) {
        return Ok(Err(Refusal::NotPermitted));
    }
    Ok(Ok(Cleared { snapshot, permissions }))
}
