//! Decides on a request with a JWT of the identity provider.

mod link;

use api::{Caller, CallerIds, Member, causes, retry_on_conflict, set_caller_ids};
use domain::{
    id::{OrganizationId, UserId},
    organization::Status,
    sign_in::SignedIn,
    user::{Kind, User},
};
use link::link;
use table::Error;

use crate::{
    authorizer_request::AuthorizerRequest,
    jwt::{self, Accepted, IssuerFailure},
    member,
    refusal::Refusal,
    settings::Authorizer,
    stop::Stop,
    suspension::WhileSuspended,
};

/// The route on which people create organizations. It needs their verified address.
const ORGANIZATION_CREATION: &str = "POST /v1/organizations";

/// Authorizes the bearer of a token of the identity provider.
pub(crate) async fn authorize(
    authorizer: &Authorizer,
    request: &AuthorizerRequest,
    text: &str,
) -> Result<Caller, Stop> {
    let accepted = jwt::verify(&authorizer.issuer, &authorizer.jwks, text, request.moment).await?;
    let bearer = &Bearer { authorizer, request, text, accepted };
    let Some(named) = &request.organization_id else {
        return authorize_without_organization(bearer).await;
    };
    let organization_id = OrganizationId::parse(named).map_err(|_| Refusal::NotAMember)?;
    let member = retry_on_conflict(|| authorize_member(bearer, organization_id)).await?;
    Ok(Caller::Member(Box::new(member)))
}

/// Somebody with an acceptable token, and their request.
struct Bearer<'a> {
    authorizer: &'a Authorizer,
    request: &'a AuthorizerRequest,
    text: &'a str,
    accepted: Accepted,
}

impl Bearer<'_> {
    /// Returns the sign-in with the address that the issuer vouches for, which may take a call to the issuer. Other
    /// APIs than this one need no address.
    async fn with_address(&self) -> Result<SignedIn, IssuerFailure> {
        if !self.request.sign_in_routes {
            return Ok(self.accepted.sign_in.clone());
        }
        let Authorizer { userinfo, issuer, .. } = self.authorizer;
        userinfo.complete(issuer, self.text, &self.accepted, self.request.moment).await
    }

    /// Tells whether [`Self::with_address`] may take a call to the issuer.
    fn asks_issuer(&self) -> bool {
        self.request.sign_in_routes && self.accepted.sign_in.verified_email().is_none()
    }

    /// Returns the same for a person whose user is known. They need no address: an issuer that does not answer, or
    /// that other people asked too often, does not stop them, and the next request tries again to prove it.
    async fn with_address_if_possible(&self) -> SignedIn {
        self.with_address().await.unwrap_or_else(|failure| {
            tracing::warn!(causes = causes(&failure), "could not ask the issuer for a member's address");
            self.accepted.sign_in.clone()
        })
    }
}

async fn authorize_member(bearer: &Bearer<'_>, organization_id: OrganizationId) -> Result<Member, Stop> {
    let Bearer { authorizer, request, .. } = bearer;
    let (user, mut sign_in) = find_user(bearer, organization_id).await?;
    let suspended = WhileSuspended::of_sign_in(request, &user);
    let member = member::authorize(authorizer, request, &user, None, suspended).await?;
    if user.email.is_some() && user.proven_address().is_none() {
        sign_in = bearer.with_address_if_possible().await;
    }
    match link(authorizer, request, &user, &sign_in).await {
        Ok(()) => Ok(Member { sign_in: Some(sign_in), ..member }),
        Err(Error::Refused(domain::Error::NotFound { .. })) => Err(Refusal::OrganizationNotActive.into()),
        Err(Error::Refused(_)) => Err(Refusal::OwnsTooMany.into()),
        Err(error) => Err(error.into()),
    }
}

/// Lets a sign-in pass without a user, on this API's own routes.
async fn authorize_without_organization(bearer: &Bearer<'_>) -> Result<Caller, Stop> {
    let Bearer { authorizer, request, accepted, .. } = bearer;
    if !request.sign_in_routes {
        return Err(Refusal::NoOrganization.into());
    }
    if !authorizer.routes.permit(request, &accepted.sign_in.permissions) {
        return Err(Refusal::NotPermitted.into());
    }
    if request.ids.route == ORGANIZATION_CREATION {
        return Ok(Caller::SignIn(bearer.with_address().await?));
    }
    Ok(Caller::SignIn(accepted.sign_in.clone()))
}

/// Finds the person's user in the organization: the linked one, or else the one invited by the verified address.
async fn find_user(bearer: &Bearer<'_>, organization_id: OrganizationId) -> Result<(User, SignedIn), Stop> {
    let (authorizer, sign_in) = (bearer.authorizer, &bearer.accepted.sign_in);
    let (table, subject) = (&authorizer.app.table, sign_in.hash());
    if let Some(user_id) = table.linked_user(organization_id, &subject).await? {
        let user = read_person(authorizer, organization_id, user_id).await?.ok_or(Refusal::NotAMember)?;
        return Ok((user, sign_in.clone()));
    }
    // Asking costs the issuer a call. Nobody uses up the calls of others with organizations that there are not.
    if bearer.asks_issuer() {
        let organization =
            authorizer.organizations.get(table, organization_id, bearer.request.moment).await?;
        organization.filter(|one| one.status != Status::Deleted).ok_or(Refusal::NotAMember)?;
    }
    let sign_in = bearer.with_address().await?;
    let email = sign_in.verified_email().ok_or(Refusal::NotAMember)?;
    let user_id = table.claimed_user(organization_id, email).await?.ok_or(Refusal::NotAMember)?;
    let invited = read_person(authorizer, organization_id, user_id).await?;
    // The user may have been linked to this very sign-in meanwhile. One that is linked to another person stays theirs.
    let theirs = invited.filter(|user| user.subject.as_ref().is_none_or(|linked| *linked == subject));
    Ok((theirs.ok_or(Refusal::NotAMember)?, sign_in))
}

/// Reads a user that can sign in: a machine never does, whatever its address.
async fn read_person(
    authorizer: &Authorizer,
    organization_id: OrganizationId,
    user_id: UserId,
) -> Result<Option<User>, Error> {
    let user = authorizer.app.table.user(user_id).await?;
    set_caller_ids(CallerIds {
        organization_id: Some(organization_id),
        user_id: Some(user_id),
        key_id: None,
    });
    Ok(user.filter(|user| user.organization_id == organization_id && user.kind != Kind::Machine))
}
