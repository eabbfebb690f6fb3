//! Messages of an inbox as the API shows them.

use api::{Instant, Page};
use domain::{
    id::KeyId,
    inbox::{Message, MessageKind, State},
};
use serde::Serialize;
use ulid::Ulid;

/// A page of an inbox as the API shows it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub(crate) struct InboxPage {
    #[serde(flatten)]
    pub(crate) page: Page<MessageResponse>,
    /// The number of unread messages among the newest 1,000, whatever the page shows.
    pub(crate) unread: u64,
}

/// The answer to marking a whole inbox.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "MarkedInbox"))]
pub(crate) struct MarkedResponse {
    /// The number of unread messages among the newest 1,000.
    pub(crate) unread: u64,
    /// Continues with older messages. `null` says that all are marked.
    #[cfg_attr(feature = "openapi", schemars(extend("pattern" = api::openapi::CURSOR_PATTERN)))]
    pub(crate) next_cursor: Option<String>,
}

/// A message as the API shows it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Message"))]
pub(crate) struct MessageResponse {
    #[cfg_attr(feature = "openapi", schemars(schema_with = "api::openapi::ulid"))]
    message_id: Ulid,
    at: Instant,
    #[serde(rename = "event")]
    kind: MessageKind,
    title: String,
    text: String,
    state: State,
    key_id: Option<KeyId>,
}

impl From<Message> for MessageResponse {
    fn from(message: Message) -> Self {
        Self {
            message_id: message.message_id,
            at: Instant(message.at),
            kind: message.kind,
            title: message.title,
            text: message.text,
            state: message.state,
            key_id: message.key_id,
        }
    }
}
