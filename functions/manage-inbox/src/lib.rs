//! The caller's own inbox. Nobody else reads or changes it, whatever permissions they hold.
//!
//! To mark or delete one's own messages changes nothing of the organization, so it makes no audit event. A
//! message has no `ETag`: its state is all that changes, and the last request wins.

#[cfg(feature = "openapi")]
mod openapi;
mod response;

use api::{
    HandlerError, HandlerResult, Member, Paging, Request,
    app::App,
    response::{no_content, ok},
};
use domain::{Error, access::Action, id::UserId, inbox::State};
use response::{InboxPage, MarkedResponse, MessageResponse};
use serde::Deserialize;
use ulid::Ulid;

#[cfg(feature = "openapi")]
pub use openapi::operations;

/// The new state of a message.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "MessagePatch"))]
#[serde(deny_unknown_fields)]
struct Body {
    state: State,
}

/// The body that marks a whole inbox.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "InboxPatch"))]
#[serde(deny_unknown_fields)]
struct WholeInboxBody {
    state: WholeInboxState,
}

/// The only state of a whole inbox: only a single message is put away, or becomes unread again.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
enum WholeInboxState {
    Read,
}

/// Lists the caller's messages, marks one or all, or deletes one.
pub async fn manage_inbox(app: &App, request: lambda_http::Request) -> HandlerResult {
    let request = Request::read_member(request)?;
    match request.route.as_str() {
        "GET /v1/organizations/{organization_id}/users/{user_id}/inbox" => list(app, &request).await,
        "PATCH /v1/organizations/{organization_id}/users/{user_id}/inbox" => mark_all(app, &request).await,
        "PATCH /v1/organizations/{organization_id}/users/{user_id}/inbox/{message_id}" => {
            mark(app, &request).await
        }
        "DELETE /v1/organizations/{organization_id}/users/{user_id}/inbox/{message_id}" => {
            delete(app, &request).await
        }
        _ => Err(request.unknown_route()),
    }
}

async fn list(app: &App, request: &Request<Member>) -> HandlerResult {
    let user_id = reader(app, request).await?;
    let query = format!("inbox of {user_id}");
    let paging = Paging::filtered(request, Some(request.caller.organization_id), &query, &["state"])?;
    let state = paging.filter("state").map(parse_state).transpose()?;
    let after = paging.after(|position| position.parse().ok())?;
    let page = app.table.messages(user_id, state, request.now, after, paging.limit).await?;
    let shown = page.items.into_iter().map(MessageResponse::from).collect();
    let unread = app.table.count_unread(user_id, request.now, false).await?;
    Ok(ok(&InboxPage { page: paging.page(shown, page.next), unread }, None))
}

fn parse_state(text: &str) -> Result<State, Error> {
    State::parse(text).ok_or_else(|| Error::invalid("state", "must be unread, read or archived"))
}

/// Marks the unread messages as read, the newest first. One request reads as many messages as a list counts, so
/// that none of these is unread then; the cursor leads to the others.
async fn mark_all(app: &App, request: &Request<Member>) -> HandlerResult {
    request.query(&["cursor"])?;
    let user_id = reader(app, request).await?;
    let WholeInboxBody { state: WholeInboxState::Read } = request.patch()?;
    let query = format!("unread messages of {user_id}");
    let paging = Paging::read(request, Some(request.caller.organization_id), &query)?;
    let after = paging.after(|position| position.parse().ok())?;
    let next = app.table.mark_unread_as_read(user_id, request.now, after).await?;
    let unread = app.table.count_unread(user_id, request.now, true).await?;
    Ok(ok(&MarkedResponse { unread, next_cursor: paging.cursor(next) }, None))
}

async fn mark(app: &App, request: &Request<Member>) -> HandlerResult {
    request.query(&[])?;
    let user_id = reader(app, request).await?;
    let body: Body = request.patch()?;
    let message = app.table.mark_message(user_id, message_id(request)?, body.state, request.now).await?;
    Ok(ok(&MessageResponse::from(message), None))
}

async fn delete(app: &App, request: &Request<Member>) -> HandlerResult {
    request.query(&[])?;
    request.no_body()?;
    let user_id = reader(app, request).await?;
    app.table.delete_message(user_id, message_id(request)?, request.now).await?;
    Ok(no_content())
}

/// Returns the user of the inbox that the path names. Refuses any caller but that user.
async fn reader(app: &App, request: &Request<Member>) -> Result<UserId, HandlerError> {
    let member = &request.caller;
    let user = app.user(member, &request.path("user_id")?).await?;
    app.permit(member, Action::ReadInbox, user.as_resource()).await?;
    Ok(user.user_id)
}

/// Reads the id of the message that the path names.
///
/// An id has one form: `Ulid` also parses lower case, and drops the high bits of a first digit above 7. Such a text names no
/// message.
fn message_id(request: &Request<Member>) -> Result<Ulid, HandlerError> {
    let named = request.path("message_id")?;
    let id: Option<Ulid> = named.parse().ok();
    let id = id.filter(|id| id.to_string() == named);
    Ok(id.ok_or(Error::NotFound { what: "message" })?)
}

#[cfg(test)]
mod tests {
    use domain::{
        Time,
        inbox::{Message, MessageKind},
    };
    use serde_json::{Value, json};

    use super::*;

    fn read<T: serde::de::DeserializeOwned>(body: &str) -> Option<T> {
        let event = fuzz::event_with_body(include_str!("../../../tests/events/manage-inbox.json"), body);
        let request = Request::read_open(lambda_http::request::from_str(&event).unwrap());
        request.unwrap_or_else(|error| panic!("{error}")).patch().ok()
    }

    /// Returns the state that a document names, if it is a patch of a message.
    fn named(document: &Value) -> Option<&str> {
        let word = document.as_object().filter(|members| members.len() == 1)?.get("state")?.as_str()?;
        ["unread", "read", "archived"].contains(&word).then_some(word)
    }

    /// Returns what the API shows of a message whose stored state is this.
    fn marked(message: &Message, state: State) -> Value {
        let mut stored = serde_json::to_value(message).unwrap();
        stored["state"] = json!(state.as_str());
        let message: Message = serde_json::from_value(stored).unwrap();
        serde_json::to_value(MessageResponse::from(message)).unwrap()
    }

    #[test]
    fn fuzzed_patches_of_messages_lead_to_the_state_that_they_name_and_those_of_inboxes_to_read() {
        let message =
            Message::new(Time::from_seconds(1_790_000_000), MessageKind::KeyChanged, "a", "b", None);
        let unread = marked(&message, State::Unread);
        fuzz::documents("message_patch").play(|text| {
            let document: Value = serde_json::from_str(text).unwrap_or_default();
            let (written, word) = (document.to_string(), named(&document));
            assert_eq!(read::<Body>(&written).is_some(), word.is_some());
            assert_eq!(read::<WholeInboxBody>(&written).is_some(), word == Some("read"));
            let whole = fuzz::read_body(text, read::<WholeInboxBody>);
            let message_patch = fuzz::read_body(text, read::<Body>);
            assert_eq!(whole.is_some(), message_patch.is_some() && word == Some("read"));
            let Some((Body { state }, _)) = message_patch else { return false };
            let mut expected = unread.clone();
            expected["state"] = json!(word);
            assert_eq!(marked(&message, state), expected, "nothing else changes");
            assert_eq!(parse_state(word.unwrap()), Ok(state), "a list of that state has it");
            true
        });
    }

    #[test]
    fn fuzzed_paths_name_a_message_by_the_one_form_of_its_id() {
        let sample = include_str!("../../../tests/events/manage-inbox.json");
        fuzz::texts("message_id").play(|text| {
            let event = fuzz::event_with_path(sample, &[("message_id", text)]);
            let request = lambda_http::request::from_str(&event).unwrap();
            let request = Request::read_member(request).unwrap_or_else(|error| panic!("{error}"));
            // Crockford's base32 of 128 bits: the first digit has three.
            let is_digit = |c: char| c.is_ascii_digit() || c.is_ascii_uppercase() && !"ILOU".contains(c);
            let is_id = text.len() == 26
                && text.starts_with(|c| ('0'..='7').contains(&c))
                && text.chars().all(is_digit);
            match message_id(&request) {
                Ok(id) => assert_eq!((id.to_string(), is_id), (text.to_owned(), true)),
                Err(HandlerError::Refused(Error::NotFound { what: "message" })) => assert!(!is_id),
                Err(error) => panic!("{error}"),
            }
            is_id
        });
    }

    /// Each input is parameters, with `|` between them.
    #[test]
    fn fuzzed_filters_of_messages_are_one_of_three_states() {
        fuzz::texts("list_filters").play(|text| {
            let mut given = text.split('|').filter_map(|pair| pair.split_once('='));
            let Some((_, word)) = given.find(|(name, _)| *name == "state") else { return false };
            let is_state = ["unread", "read", "archived"].contains(&word);
            match parse_state(word) {
                Ok(state) => assert_eq!((json!(state), is_state), (json!(word), true)),
                Err(Error::Invalid { field, .. }) => assert!(field == "state" && !is_state),
                Err(error) => panic!("{error}"),
            }
            is_state
        });
    }
}
