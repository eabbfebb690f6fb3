use api::ListAnswer;
use domain::{
    id::KeyId,
    inbox::{MessageKind, Message, State},
};
use serde::Serialize;
use ulid::Ulid;

/// A page of an inbox as the API shows it.
#[derive(Debug, Serialize)]
pub(crate) struct InboxAnswer {
    #[serde(flatten)]
    pub(crate) page: ListAnswer<MessageAnswer>,
    /// How many of the newest 1,000 messages are unread, whatever the page shows.
    pub(crate) unread: u64,
}

/// A message as the API shows it.
#[derive(Debug, Serialize)]
pub(crate) struct MessageAnswer {
    message_id: Ulid,
    at: String,
    event: MessageKind,
    title: String,
    text: String,
    state: State,
    key_id: Option<KeyId>,
}

impl From<Message> for MessageAnswer {
    fn from(message: Message) -> Self {
        Self {
            message_id: message.message_id,
            at: message.at.to_string(),
            event: message.event,
            title: message.title,
            text: message.text,
            state: message.state,
            key_id: message.key_id,
        }
    }
}
