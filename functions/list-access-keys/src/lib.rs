//! Lists access keys, of one user or of the organization, by expiry.

use api::{Answer, KeyAnswer, Paging, Request, app::App, ok};
use domain::access::Action;
use lambda_http::Request as Event;

/// Answers a page of keys, without any secret.
pub async fn list_access_keys(app: &App, event: Event) -> Answer {
    let request = Request::read(event)?;
    match request.route.as_str() {
        "GET /v1/organizations/{organization_id}/users/{user_id}/access-keys" => {
            keys_of_user(app, &request).await
        }
        "GET /v1/organizations/{organization_id}/access-keys" => keys_of_organization(app, &request).await,
        _ => Err(request.unknown_route()),
    }
}

async fn keys_of_organization(app: &App, request: &Request) -> Answer {
    let member = request.member()?;
    member.actor().may(Action::ListKeys)?;
    let paging = Paging::read(request, Some(member.organization_id), "keys")?;
    let page = app.table.access_keys(member.organization_id, paging.after.as_deref(), paging.limit).await?;
    let items = page
        .items
        .into_iter()
        .map(|found| KeyAnswer::new(found.key, found.user.kind, &app.key_prefix, request.now));
    Ok(ok(&paging.answer(items.collect(), page.next), None))
}

async fn keys_of_user(app: &App, request: &Request) -> Answer {
    let member = request.member()?;
    let user = app.user(member, &request.path("user_id")?).await?;
    app.permit(member, Action::ReadKey, user.as_subject()).await?;
    let paging = Paging::read(request, Some(member.organization_id), &format!("keys of {}", user.user_id))?;
    let page = app.table.access_keys_of(user.user_id, paging.after.as_deref(), paging.limit).await?;
    let items =
        page.items.into_iter().map(|key| KeyAnswer::new(key, user.kind, &app.key_prefix, request.now));
    Ok(ok(&paging.answer(items.collect(), page.next), None))
}
