//! Begins to sign a person in: sends the browser to the identity provider.

use api::{HandlerResult, Request};

use crate::{
    attempt::Attempt,
    redirect::go_to,
    return_to::ReturnTo,
    settings::Console,
    sign_in_failed::{Reason, failed},
};

/// Sends the browser to the provider, with a cookie that waits for the answer.
pub(crate) async fn start(console: &Console, request: &Request<()>) -> HandlerResult {
    let Some(client) = &console.client else { return go_to(ReturnTo::default().as_str()) };
    let wanted = request.query_values("return_to");
    let return_to = match wanted.as_slice() {
        [page] => ReturnTo::parse(page).unwrap_or_default(),
        _ => ReturnTo::default(),
    };
    // The session's cookie does not come back with the redirection of another site, so its hash travels along.
    let earlier = console.cookie.find(request.cookies()).map(|id| id.hash());
    let attempt = Attempt::start(earlier, return_to);
    let redirect_uri = console.page(request, "/callback")?;
    match console.provider.sign_in_url(client, &attempt, &redirect_uri, request.moment).await {
        Ok(url) => {
            let mut response = go_to(&url)?;
            console.set_attempt(&mut response, &attempt);
            Ok(response)
        }
        Err(error) => failed(Reason::Issuer, Some(&error)),
    }
}
