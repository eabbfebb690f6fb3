//! Lists the access keys of the organization, by expiry, or of one user, by key id.

mod filter;
#[cfg(feature = "openapi")]
mod openapi;

use api::{AccessKeyResponse, HandlerResult, Member, Paging, Request, app::App, response};
use domain::access::Action;

#[cfg(feature = "openapi")]
pub use openapi::operations;

/// Responds with a page of keys, without any secret.
pub async fn list_access_keys(app: &App, request: lambda_http::Request) -> HandlerResult {
    let request = Request::read_member(request)?;
    match request.route.as_str() {
        "GET /v1/organizations/{organization_id}/users/{user_id}/access-keys" => {
            keys_of_user(app, &request).await
        }
        "GET /v1/organizations/{organization_id}/access-keys" => keys_of_organization(app, &request).await,
        _ => Err(request.unknown_route()),
    }
}

async fn keys_of_organization(app: &App, request: &Request<Member>) -> HandlerResult {
    let member = &request.caller;
    member.actor().may(Action::ListKeys)?;
    let organization_id = member.organization_id;
    let paging = Paging::filtered(request, Some(organization_id), "keys", &filter::OF_ORGANIZATION)?;
    let filter = filter::read(&paging, &app.key_prefix)?;
    let after = paging.after(|position| filter.position(position))?;
    let page = app.table.access_keys(organization_id, &filter, request.now, after, paging.limit).await?;
    let shown = page
        .items
        .into_iter()
        .map(|found| AccessKeyResponse::new(found.key, &found.user, &app.key_prefix, request.now));
    Ok(response::ok(&paging.page(shown.collect(), page.next), None))
}

async fn keys_of_user(app: &App, request: &Request<Member>) -> HandlerResult {
    let member = &request.caller;
    let user = app.user(member, &request.path("user_id")?).await?;
    app.permit(member, Action::ReadKey, user.as_resource()).await?;
    let query = format!("keys of {}", user.user_id);
    let paging = Paging::filtered(request, Some(member.organization_id), &query, &filter::OF_USER)?;
    let filter = filter::read(&paging, &app.key_prefix)?;
    let after = paging.after(|position| filter.position_of_user(position))?;
    let page = app.table.access_keys_of(&user, &filter, request.now, after, paging.limit).await?;
    let shown =
        page.items.into_iter().map(|key| AccessKeyResponse::new(key, &user, &app.key_prefix, request.now));
    Ok(response::ok(&paging.page(shown.collect(), page.next), None))
}
