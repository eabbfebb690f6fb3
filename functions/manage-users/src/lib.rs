//! Users: people and machines of an organization.

mod answer;
mod create;
mod delete;
mod update;

use answer::UserAnswer;
use api::{
    Answer, Paging, Request,
    app::{App, Pepper},
    ok,
};
use domain::{access::Action, id::UserId};
use lambda_http::Request as Event;

/// Creates a user, lists users, shows one or changes one.
pub async fn manage_users(app: &App<Pepper>, event: Event) -> Answer {
    let request = Request::read(event)?;
    match request.route.as_str() {
        "POST /v1/organizations/{organization_id}/users" => create::create(app, &request).await,
        "GET /v1/organizations/{organization_id}/users" => list(app, &request).await,
        "DELETE /v1/organizations/{organization_id}/users/{user_id}" => delete::delete(app, &request).await,
        "PATCH /v1/organizations/{organization_id}/users/{user_id}" => update::update(app, &request).await,
        "GET /v1/organizations/{organization_id}/users/{user_id}" => get(app, &request).await,
        _ => Err(request.unknown_route()),
    }
}

async fn get(app: &App<Pepper>, request: &Request) -> Answer {
    request.query(&[])?;
    let member = request.member()?;
    let user = app.user(member, &request.path("user_id")?).await?;
    app.permit(member, Action::ReadUser, user.as_resource()).await?;
    let version = user.version;
    Ok(ok(&UserAnswer::from(user), Some(version)))
}

async fn list(app: &App<Pepper>, request: &Request) -> Answer {
    let member = request.member()?;
    member.actor().may(Action::ListUsers)?;
    let paging = Paging::read(request, Some(member.organization_id), "users")?;
    let after = paging.after.as_deref().and_then(|place| UserId::parse(place).ok());
    let page = app.table.users(member.organization_id, after, paging.limit).await?;
    let items: Vec<_> = page.items.into_iter().map(UserAnswer::from).collect();
    Ok(ok(&paging.answer(items, page.next), None))
}
