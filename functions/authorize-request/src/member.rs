//! The rules that hold for access keys and sign-ins alike: user, path, organization, permission.

use api::Member;
use domain::{
    access_key::AccessKey,
    user::{Status, User},
};

use crate::{
    authorizer_request::AuthorizerRequest, refusal::Refusal, settings::Authorizer, stop::Stop,
    suspension::WhileSuspended,
};

/// Authorizes a user with the key of the request, or with a sign-in. The caller adds the end of the secret, or the sign-in.
pub(crate) async fn authorize(
    authorizer: &Authorizer,
    request: &AuthorizerRequest,
    user: &User,
    key: Option<&AccessKey>,
    while_suspended: WhileSuspended,
) -> Result<Member, Stop> {
    if user.status != Status::Active {
        return Err(Refusal::UserNotActive.into());
    }
    if request.organization_id.as_ref().is_some_and(|named| named != user.organization_id.as_str()) {
        return Err(Refusal::NotAMember.into());
    }
    let table = &authorizer.app.table;
    let organization = authorizer.organizations.get(table, user.organization_id, request.moment);
    let declared = authorizer.declarations.of(table, request);
    // Together, so that a decision that reads both waits once.
    let (snapshot, declared) = tokio::join!(organization, declared);
    let (snapshot, declared) = (snapshot?, declared?);
    let snapshot = snapshot.ok_or(Refusal::OrganizationNotActive)?;
    let status = snapshot.status;
    if !while_suspended.passes(status) {
        return Err(Refusal::OrganizationNotActive.into());
    }
    let granted = snapshot.permissions.effective(user, key);
    // Refused before anything is copied or changed, however much a tenant stores.
    if snapshot.permissions.joined_bytes(&granted) > request.max_context_bytes() {
        return Err(Refusal::ContextTooLarge.into());
    }
    let permissions = snapshot.permissions.joined(&granted);
    let by_declaration = declared
        .get()
        .is_none_or(|declared| declared.permits(&request.method, request.route_path(), &permissions));
    if !by_declaration || !authorizer.routes.permit(request, &permissions) {
        return Err(Refusal::NotPermitted.into());
    }
    Ok(Member {
        organization_id: user.organization_id,
        organization_status: status.as_str().to_owned(),
        user_id: user.user_id,
        kind: user.kind,
        name: user.name.to_string(),
        key_id: key.map(|key| key.key_id),
        key_name: key.map(|key| key.name.to_string()).unwrap_or_default(),
        expires_at: None,
        expires_in_days: None,
        roles: user.roles.iter().map(ToString::to_string).collect(),
        permissions,
        sign_in: None,
    })
}
