//! Decides on a request with a JWT of the identity provider.

use api::{Caller, Member, causes, retry_on_conflict};
use domain::{
    audit::{self, Action, Actor},
    id::{OrganizationId, UserId},
    sign_in::SignedIn,
    user::{Kind, User},
};
use serde_json::json;
use table::Error;

use crate::{
    authorizer_request::AuthorizerRequest,
    jwt,
    member::{self, WhileSuspended},
    refusal::Refusal,
    settings::Authorizer,
    stop::Stop,
};

/// The route on which an owner deletes an organization.
const DELETION: &str = "DELETE /v1/organizations/{organization_id}";

/// The route on which people leave an organization, if the path names them.
const LEAVING: &str = "DELETE /v1/organizations/{organization_id}/users/{user_id}";

/// The routes on which an owner reads a suspended organization and lifts the suspension.
const ALLOWED_WHILE_SUSPENDED: [&str; 2] =
    ["GET /v1/organizations/{organization_id}", "PATCH /v1/organizations/{organization_id}"];

/// Authorizes the bearer of a token of the identity provider.
pub(crate) async fn authorize(
    authorizer: &Authorizer,
    request: &AuthorizerRequest,
    text: &str,
) -> Result<Caller, Stop> {
    let sign_in = jwt::verify(&authorizer.issuer, &authorizer.jwks, text, request.now).await?;
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
    let suspended = while_suspended(request, &user);
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

fn while_suspended(request: &AuthorizerRequest, user: &User) -> WhileSuspended {
    let (route, is_owner) = (request.route_key.as_str(), user.kind == Kind::Owner);
    let names_the_caller = || {
        let named = request.path.rsplit('/').next();
        named.is_some_and(|named| named == "me" || named == user.user_id.as_str())
    };
    if !request.sign_in_routes {
        WhileSuspended::Refused
    } else if is_owner && route == DELETION {
        WhileSuspended::AllowedAndDeleted
    } else if is_owner && ALLOWED_WHILE_SUSPENDED.contains(&route) || route == LEAVING && names_the_caller() {
        WhileSuspended::Allowed
    } else {
        WhileSuspended::Refused
    }
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

/// Links an invited user at its first sign-in, and records a proven address later. This is the last step, so that
/// a refused request changes nothing.
async fn link(
    authorizer: &Authorizer,
    request: &AuthorizerRequest,
    user: &User,
    sign_in: &SignedIn,
) -> Result<(), Error> {
    let table = &authorizer.app.table;
    let Some(verified) = sign_in.verified_email() else { return Ok(()) };
    if user.subject.is_none() {
        let event = linked_event(request, sign_in, user);
        return table.link(user, verified, &sign_in.hash(), &event).await;
    }
    let unproven = user.email.as_ref().filter(|_| user.proven_address().is_none());
    if let Some(address) = unproven.filter(|address| address.is(verified))
        && let Err(error) = table.prove_address(user.user_id, address).await
    {
        // The next sign-in tries again.
        let (user, causes) = (user.user_id, causes(&error));
        tracing::warn!(user.id = %user, error.causes = causes, "could not record that an address is proven");
    }
    Ok(())
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

fn linked_event(request: &AuthorizerRequest, sign_in: &SignedIn, user: &User) -> audit::Event {
    let name = sign_in.name.as_ref().unwrap_or(&user.name).to_string();
    let actor = Actor { name, ..Actor::sign_in(sign_in) };
    let changes = json!({"issuer": sign_in.issuer});
    audit::Event::new(request.origin(actor), user.organization_id, Action::UserLinked, user.user_id, changes)
}
