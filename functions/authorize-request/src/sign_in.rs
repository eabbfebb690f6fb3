//! Decides on a request of a person who signed in: with a JWT of the identity provider, or by a session of the console.

mod link;

use api::{Caller, CallerIds, Member, causes, retry_on_conflict, set_caller_ids};
use domain::{
    id::{OrganizationId, UserId},
    organization::Status,
    sign_in::SignedIn,
    user::{Kind, User},
};
use link::link;
use sign_in::{Accepted, IssuerFailure, Purpose, verify};
use table::Error;

use crate::{
    authorizer_request::AuthorizerRequest, member, refusal::Refusal, settings::Authorizer, stop::Stop,
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
    let Authorizer { issuer, audience, jwks, .. } = authorizer;
    let accepted = verify(issuer, Purpose::Api(audience), jwks, text, request.moment).await?;
    let proof = Proof::Jwt { text, accepted: &accepted };
    authorize_person(authorizer, request, &accepted.sign_in, proof).await
}

/// Authorizes a person who signed in.
pub(crate) async fn authorize_person(
    authorizer: &Authorizer,
    request: &AuthorizerRequest,
    sign_in: &SignedIn,
    proof: Proof<'_>,
) -> Result<Caller, Stop> {
    let person = &Person { authorizer, request, sign_in, proof };
    let Some(named) = &request.organization_id else {
        return authorize_without_organization(person).await;
    };
    let organization_id = OrganizationId::parse(named).map_err(|_| Refusal::NotAMember)?;
    let member = retry_on_conflict(|| authorize_member(person, organization_id)).await?;
    Ok(Caller::Member(Box::new(member)))
}

/// What proves that a person signed in.
#[derive(Clone, Copy)]
pub(crate) enum Proof<'a> {
    /// A token of the identity provider, with which the provider can be asked for more.
    Jwt {
        /// The token.
        text: &'a str,
        /// What it says.
        accepted: &'a Accepted,
    },
    /// A session of the console. All that the provider says was asked when it began.
    Session,
}

/// Somebody who signed in, and their request.
struct Person<'a> {
    authorizer: &'a Authorizer,
    request: &'a AuthorizerRequest,
    sign_in: &'a SignedIn,
    proof: Proof<'a>,
}

impl Person<'_> {
    /// Returns the sign-in with the address that the issuer vouches for, which may take a call to the issuer. Other
    /// APIs than this one need no address.
    async fn with_address(&self) -> Result<SignedIn, IssuerFailure> {
        match self.proof {
            Proof::Jwt { text, accepted } if self.request.sign_in_routes => {
                let Authorizer { userinfo, issuer, .. } = self.authorizer;
                userinfo.complete(issuer, text, accepted, self.request.moment).await
            }
            _ => Ok(self.sign_in.clone()),
        }
    }

    /// Tells whether [`Self::with_address`] may take a call to the issuer.
    fn asks_issuer(&self) -> bool {
        let is_jwt = matches!(self.proof, Proof::Jwt { .. });
        is_jwt && self.request.sign_in_routes && self.sign_in.verified_email().is_none()
    }

    /// Returns the same for a person whose user is known. They need no address: an issuer that does not answer, or
    /// that other people asked too often, does not stop them, and the next request tries again to prove it.
    async fn with_address_if_possible(&self) -> SignedIn {
        self.with_address().await.unwrap_or_else(|failure| {
            tracing::warn!(causes = causes(&failure), "could not ask the issuer for a member's address");
            self.sign_in.clone()
        })
    }
}

async fn authorize_member(person: &Person<'_>, organization_id: OrganizationId) -> Result<Member, Stop> {
    let Person { authorizer, request, .. } = person;
    let (user, mut sign_in) = find_user(person, organization_id).await?;
    let suspended = WhileSuspended::of_sign_in(request, &user);
    let member = member::authorize(authorizer, request, &user, None, suspended).await?;
    if user.email.is_some() && user.proven_address().is_none() {
        sign_in = person.with_address_if_possible().await;
    }
    match link(authorizer, request, &user, &sign_in).await {
        Ok(()) => Ok(Member { sign_in: Some(sign_in), ..member }),
        Err(Error::Refused(domain::Error::NotFound { .. })) => Err(Refusal::OrganizationNotActive.into()),
        Err(Error::Refused(_)) => Err(Refusal::OwnsTooMany.into()),
        Err(error) => Err(error.into()),
    }
}

/// Lets a sign-in pass without a user, on this API's own routes.
async fn authorize_without_organization(person: &Person<'_>) -> Result<Caller, Stop> {
    let Person { authorizer, request, sign_in, .. } = person;
    if !request.sign_in_routes {
        return Err(Refusal::NoOrganization.into());
    }
    if !authorizer.routes.permit(request, &sign_in.permissions) {
        return Err(Refusal::NotPermitted.into());
    }
    if request.ids.route == ORGANIZATION_CREATION {
        return Ok(Caller::SignIn(person.with_address().await?));
    }
    Ok(Caller::SignIn((*sign_in).clone()))
}

/// Finds the person's user in the organization: the linked one, or else the one invited by the verified address.
async fn find_user(person: &Person<'_>, organization_id: OrganizationId) -> Result<(User, SignedIn), Stop> {
    let (authorizer, sign_in) = (person.authorizer, person.sign_in);
    let (table, subject) = (&authorizer.app.table, sign_in.hash());
    if let Some(user_id) = table.linked_user(organization_id, &subject).await? {
        let user = read_person(authorizer, organization_id, user_id).await?.ok_or(Refusal::NotAMember)?;
        return Ok((user, sign_in.clone()));
    }
    // Asking costs the issuer a call. Nobody uses up the calls of others with organizations that there are not.
    if person.asks_issuer() {
        let organization =
            authorizer.organizations.get(table, organization_id, person.request.moment).await?;
        organization.filter(|one| one.status != Status::Deleted).ok_or(Refusal::NotAMember)?;
    }
    let sign_in = person.with_address().await?;
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
