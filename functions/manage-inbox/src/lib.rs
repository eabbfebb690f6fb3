//! The inbox of the caller, which nobody else reads or changes, whatever they hold.
//!
//! Marking and deleting messages to oneself changes nothing of the organization, so it is no audit
//! event. A message carries no `ETag`: its state is all that changes, and the last word holds.

mod answer;

use answer::{InboxAnswer, MessageAnswer};
use api::{Answer, Paging, Problem, Request, app::App, deleted, ok};
use domain::{Error, access::Action, id::UserId, inbox::State};
use lambda_http::Request as Event;
use serde::Deserialize;
use ulid::Ulid;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    state: State,
}

/// Lists the caller's messages, marks one, or deletes one.
pub async fn manage_inbox(app: &App, event: Event) -> Answer {
    let request = Request::read(event)?;
    match request.route.as_str() {
        "GET /v1/organizations/{organization_id}/users/{user_id}/inbox" => list(app, &request).await,
        "PATCH /v1/organizations/{organization_id}/users/{user_id}/inbox/{message_id}" => {
            mark(app, &request).await
        }
        _ => delete(app, &request).await,
    }
}

async fn list(app: &App, request: &Request) -> Answer {
    let user_id = reader(app, request).await?;
    let organization_id = request.member()?.organization_id;
    let query = format!("inbox of {user_id}");
    let paging = Paging::filtered(request, Some(organization_id), &query, &["state"])?;
    let state = paging.filter("state").map(state).transpose()?;
    let page = app.table.messages(user_id, state, request.now, paging.after.as_deref(), paging.limit).await?;
    let items = page.items.into_iter().map(MessageAnswer::from).collect();
    let unread = app.table.count_unread(user_id, request.now).await?;
    Ok(ok(&InboxAnswer { page: paging.answer(items, page.next), unread }, None))
}

fn state(text: &str) -> Result<State, Error> {
    State::parse(text).ok_or_else(|| Error::invalid("state", "must be unread, read or archived"))
}

async fn mark(app: &App, request: &Request) -> Answer {
    request.query(&[])?;
    let user_id = reader(app, request).await?;
    let body: Body = request.patch()?;
    let message = app.table.mark_message(user_id, message_id(request)?, body.state, request.now).await?;
    Ok(ok(&MessageAnswer::from(message), None))
}

async fn delete(app: &App, request: &Request) -> Answer {
    request.query(&[])?;
    request.no_body()?;
    let user_id = reader(app, request).await?;
    app.table.delete_message(user_id, message_id(request)?, request.now).await?;
    Ok(deleted())
}

/// Returns the user whose inbox the path names, if that is the caller.
async fn reader(app: &App, request: &Request) -> Result<UserId, Problem> {
    let member = request.member()?;
    let user = app.user(member, &request.path("user_id")?).await?;
    app.permit(member, Action::ReadInbox, user.as_resource()).await?;
    Ok(user.user_id)
}

fn message_id(request: &Request) -> Result<Ulid, Problem> {
    let missing = |_| Error::NotFound { what: "message" };
    Ok(request.path("message_id")?.parse().map_err(missing)?)
}
