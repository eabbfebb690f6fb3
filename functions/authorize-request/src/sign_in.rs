use domain::{
    audit::{self, Actor, Target},
    id::{OrganizationId, UserId},
    sign_in::SignedIn,
    user::{Kind, User},
};
use serde_json::json;
use table::{MAX_ATTEMPTS, Error, backoff};

use crate::{
    Authorizer, Decision,
    context::Context,
    event::Presented,
    failure::Failure,
    jwt,
    member::{Cleared, clear},
    refusal::Refusal,
};

/// Routes on which an owner reads a suspended organization and lifts the suspension.
const LIFTING: [&str; 2] =
    ["GET /v1/organizations/{organization_id}", "PATCH /v1/organizations/{organization_id}"];

/// Decides on a token of the identity provider.
pub(crate) async fn decide(
    authorizer: &Authorizer,
    presented: &Presented,
    text: &str,
) -> Result<Decision, Failure> {
    let sign_in = match jwt::verify(&authorizer.issuer, &authorizer.jwks, text, presented.now).await? {
        Ok(sign_in) => sign_in,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let Some(named) = &presented.organization_id else {
        return Ok(without_organization(authorizer, presented, &sign_in));
    };
    let Ok(organization_id) = OrganizationId::parse(named) else { return Ok(Err(Refusal::NotAMember)) };
    for losses in 0..MAX_ATTEMPTS {
        let Some(user) = member(authorizer, organization_id, &sign_in).await? else {
            return Ok(Err(Refusal::NotAMember));
        };
        let lifting = presented.sign_in_routes
            && user.kind == Kind::Owner
            && LIFTING.contains(&presented.route_key.as_str());
        let cleared = match clear(authorizer, presented, &user, None, lifting).await? {
            Ok(cleared) => cleared,
            Err(refusal) => return Ok(Err(refusal)),
        };
        match link(authorizer, presented, &user, &sign_in).await {
            Ok(()) => {
                let Cleared { snapshot, permissions } = cleared;
                let context = Context::member(&snapshot.organization, &user, &permissions);
                return Ok(Ok(context.with_sign_in(&sign_in)));
            }
            Err(Error::Conflict) => backoff(losses).await,
            Err(failure) => return Err(failure.into()),
        }
    }
    Err(Error::Contended { operation: "link" }.into())
}

/// Passes a sign-in as just that, on this API's own routes.
fn without_organization(authorizer: &Authorizer, presented: &Presented, sign_in: &SignedIn) -> Decision {
    if !presented.sign_in_routes {
        return Err(Refusal::NoOrganization);
    }
    if !authorizer.routes.permit(presented, &sign_in.permissions) {
        return Err(Refusal::NotPermitted);
    }
    Ok(Context::default().with_sign_in(sign_in))
}

/// Finds the person's user in the organization: the linked one, or the one invited by its address.
async fn member(
    authorizer: &Authorizer,
    organization_id: OrganizationId,
    sign_in: &SignedIn,
) -> Result<Option<User>, Error> {
    let (table, subject) = (&authorizer.app.table, sign_in.hash());
    if let Some(user_id) = table.linked_user(organization_id, &subject).await? {
        return person(authorizer, organization_id, user_id).await;
    }
    let Some(email) = sign_in.verified_email() else { return Ok(None) };
    let Some(user_id) = table.claimed_user(organization_id, email).await? else { return Ok(None) };
    let invited = person(authorizer, organization_id, user_id).await?;
    // Linked meanwhile to this very sign-in, or never yet; one linked to another person stays theirs.
    Ok(invited.filter(|user| user.subject.as_ref().is_none_or(|linked| *linked == subject)))
}

/// Links an invited user at its first sign-in. Comes last, so that a refused request changes nothing.
async fn link(
    authorizer: &Authorizer,
    presented: &Presented,
    user: &User,
    sign_in: &SignedIn,
) -> Result<(), Error> {
    if user.subject.is_some() {
        return Ok(());
    }
    authorizer.app.table.link(user, &sign_in.hash(), &linked_event(presented, sign_in, user)).await
}

/// Machines never sign in, whatever address they carry.
async fn person(
    authorizer: &Authorizer,
    organization_id: OrganizationId,
    user_id: UserId,
) -> Result<Option<User>, Error> {
    let user = authorizer.app.table.user(user_id).await?;
    Ok(user.filter(|user| user.organization_id == organization_id && user.kind != Kind::Machine))
}

fn linked_event(presented: &Presented, sign_in: &SignedIn, user: &User) -> audit::Event {
    let name = sign_in.name.as_ref().unwrap_or(&user.name).to_string();
    audit::Event {
        audit_id: audit::new_id(presented.now),
        organization_id: user.organization_id,
        at: presented.now,
        actor: Actor { kind: "sign_in".to_owned(), id: sign_in.hash(), name },
        action: "user.linked".to_owned(),
        target: Target { kind: "user".to_owned(), id: user.user_id.to_string() },
        source_ip: presented.source_ip.clone(),
        request_id: presented.request_id.clone(),
        changes: json!({"issuer": sign_in.issuer}).as_object().cloned().unwrap_or_default(),
    }
}
