//! The operations of this function in the OpenAPI document.

use api::openapi::{Operation, schema_of};
use domain::inbox::State;

use crate::{
    Body, WholeInboxBody,
    response::{InboxPage, MarkedResponse, MessageResponse},
};

/// Describes the operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let list = Operation::member(
        "GET /v1/organizations/{organization_id}/users/{user_id}/inbox",
        "list_messages",
        "Lists the caller's messages, the newest first",
    )
    .filter("state", schema_of::<State>(), "Only messages in this state.")
    .answers::<InboxPage>(200)
    .in_pages();
    let mark_all = Operation::member(
        "PATCH /v1/organizations/{organization_id}/users/{user_id}/inbox",
        "mark_messages_as_read",
        "Marks the unread messages as read",
    )
    .says("One request marks up to 1,000; `next_cursor` leads to older ones.")
    .takes_patch::<WholeInboxBody>()
    .continues("The `next_cursor` of the previous response: this request marks the messages after those. Without it, the request starts with the newest message.")
    .answers::<MarkedResponse>(200);
    let mark = Operation::member(
        "PATCH /v1/organizations/{organization_id}/users/{user_id}/inbox/{message_id}",
        "update_message",
        "Changes the state of a message",
    )
    .takes_patch::<Body>()
    .answers::<MessageResponse>(200);
    let delete = Operation::member(
        "DELETE /v1/organizations/{organization_id}/users/{user_id}/inbox/{message_id}",
        "delete_message",
        "Deletes a message",
    );
    vec![list, mark_all, mark, delete]
}
