//! Decides on a request with a JWT of the identity provider.

mod link;

use api::{Caller, Member, retry_on_conflict};
use domain::{
    id::{OrganizationId, UserId},
    sign_in::SignedIn,
    user::{Kind, User},
};
use link::link;
use table::Error;

use crate::{
    authorizer_request::AuthorizerRequest, jwt, member, refusal::Refusal, settings::Authorizer, stop::Stop,
    suspension::WhileSuspended,
};

/// Authorizes the bearer of a token of the identity provider.
pub(crate) async fn authorize(
    authorizer: &Authorizer,
    request: &AuthorizerRequest,
    text: &str,
) -> Result<Caller, Stop> {
    let sign_in = jwt::verify(&authorizer.issuer, &authorizer.jwks, text, request.moment).await?;
    let Some(named) = &request.organization_id else {
        return authorize_without_organization(authorizer, request, sign_in);
    };
    let organization_id = OrganizationId::parse(named).map_err(|_| Refusal::NotAMember)?;
    let member =
        retry_on_conflict(|| authorize_member(authorizer, request, organization_id, &sign_in)).await?;
    Ok(Caller::Member(Box::new(Member { sign_in: Some(sign_in), ..member })))
}

async fn authorize_member(
    authorizer: &Authorizer,
    request: &AuthorizerRequest,
    organization_id: OrganizationId,
    sign_in: &SignedIn,
) -> Result<Member, Stop> {
    let user = find_user(authorizer, organization_id, sign_in).await?.ok_or(Refusal::NotAMember)?;
    let suspended = WhileSuspended::of_sign_in(request, &user);
    let member = member::authorize(authorizer, request, &user, None, suspended).await?;
    match link(authorizer, request, &user, sign_in).await {
        Ok(()) => Ok(member),
        Err(Error::Refused(domain::Error::NotFound { .. })) => Err(Refusal::OrganizationNotActive.into()),
        Err(Error::Refused(_)) => Err(Refusal::OwnsTooMany.into()),
        Err(error) => Err(error.into()),
    }
}

/// Lets a sign-in pass without a user, on this API's own routes.
fn authorize_without_organization(
    authorizer: &Authorizer,
    request: &AuthorizerRequest,
    sign_in: SignedIn,
) -> Result<Caller, Stop> {
    if !request.sign_in_routes {
        return Err(Refusal::NoOrganization.into());
    }
    if !authorizer.routes.permit(request, &sign_in.permissions) {
        return Err(Refusal::NotPermitted.into());
    }
    Ok(Caller::SignIn(sign_in))
}

/// Finds the person's user in the organization: the linked one, or else the one invited by the verified address.
async fn find_user(
    authorizer: &Authorizer,
    organization_id: OrganizationId,
    sign_in: &SignedIn,
) -> Result<Option<User>, Error> {
    let (table, subject) = (&authorizer.app.table, sign_in.hash());
    if let Some(user_id) = table.linked_user(organization_id, &subject).await? {
        return read_person(authorizer, organization_id, user_id).await;
    }
    let Some(email) = sign_in.verified_email() else { return Ok(None) };
    let Some(user_id) = table.claimed_user(organization_id, email).await? else { return Ok(None) };
    let invited = read_person(authorizer, organization_id, user_id).await?;
    // The user may have been linked to this very sign-in meanwhile. One that is linked to another person stays theirs.
    Ok(invited.filter(|user| user.subject.as_ref().is_none_or(|linked| *linked == subject)))
}

/// Reads a user that can sign in: a machine never does, whatever its address.
async fn read_person(
    authorizer: &Authorizer,
    organization_id: OrganizationId,
    user_id: UserId,
) -> Result<Option<User>, Error> {
    let user = authorizer.app.table.user(user_id).await?;
    Ok(user.filter(|user| user.organization_id == organization_id && user.kind != Kind::Machine))
}
