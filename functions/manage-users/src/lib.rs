//! Users: the people and machines of an organization.

mod create;
mod delete;
mod filter;
mod notification;
#[cfg(feature = "openapi")]
mod openapi;
mod response;
mod status;
mod update;

use api::{
    HandlerResult, Member, Paging, Request,
    app::{App, Pepper},
    response::ok,
};
use domain::access::Action;
use response::UserResponse;

#[cfg(feature = "openapi")]
pub use openapi::operations;

/// Creates a user, lists users, or shows, changes or deletes one.
pub async fn manage_users(app: &App<Pepper>, request: lambda_http::Request) -> HandlerResult {
    let request = Request::read_member(request)?;
    match request.route.as_str() {
        "POST /v1/organizations/{organization_id}/users" => create::create(app, &request).await,
        "GET /v1/organizations/{organization_id}/users" => list(app, &request).await,
        "DELETE /v1/organizations/{organization_id}/users/{user_id}" => delete::delete(app, &request).await,
        "PATCH /v1/organizations/{organization_id}/users/{user_id}" => update::update(app, &request).await,
        "GET /v1/organizations/{organization_id}/users/{user_id}" => get(app, &request).await,
        _ => Err(request.unknown_route()),
    }
}

async fn get(app: &App<Pepper>, request: &Request<Member>) -> HandlerResult {
    request.query(&[])?;
    let member = &request.caller;
    let user = app.user(member, &request.path("user_id")?).await?;
    app.permit(member, Action::ReadUser, user.as_resource()).await?;
    let version = user.version;
    request.show(&UserResponse::from(user), version)
}

async fn list(app: &App<Pepper>, request: &Request<Member>) -> HandlerResult {
    let member = &request.caller;
    member.actor().may(Action::ListUsers)?;
    let paging = Paging::filtered(request, Some(member.organization_id), "users", &filter::NAMES)?;
    let filter = filter::read(&paging, &app.key_prefix)?;
    let after = paging.after(|position| filter.position(position))?;
    let page = app.table.users(member.organization_id, &filter, after, paging.limit).await?;
    let shown: Vec<_> = page.items.into_iter().map(UserResponse::from).collect();
    Ok(ok(&paging.page(shown, page.next), None))
}
