//! What a sign-in leaves at its user: the link at the first one, and the proof of the address.

use api::causes;
use domain::{
    audit::{self, Action, Actor},
    sign_in::SignedIn,
    user::User,
};
use serde_json::json;
use table::Error;

use crate::{authorizer_request::AuthorizerRequest, settings::Authorizer};

/// Links an invited user at its first sign-in, and records a proven address later. This is the last step, so that
/// a refused request changes nothing.
pub(super) async fn link(
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
        tracing::warn!(causes = causes(&error), "could not record that an address is proven");
    }
    Ok(())
}

fn linked_event(request: &AuthorizerRequest, sign_in: &SignedIn, user: &User) -> audit::Event {
    let name = sign_in.name.as_ref().unwrap_or(&user.name).to_string();
    let actor = Actor { name, ..Actor::sign_in(sign_in) };
    let changes = json!({"issuer": sign_in.issuer});
    audit::Event::new(request.origin(actor), user.organization_id, Action::UserLinked, user.user_id, changes)
        .before_handler()
}
