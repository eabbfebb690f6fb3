//! Inbox messages of a user.

use serde::{Deserialize, Serialize};
use ulid::Ulid;

use crate::{Time, Timestamp, id::KeyId, time::DAY};

/// Seconds for which a message is kept.
pub const RETENTION: i64 = 30 * DAY;

/// The kind of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// A key is about to expire.
    KeyExpiring,
    /// A key has expired.
    KeyExpired,
    /// Somebody else created, rotated, revoked or changed a key.
    KeyChanged,
    /// Somebody else changed roles or groups.
    AccessChanged,
    /// Somebody else changed the user's address, kind or status, or deleted the user.
    AccountChanged,
    /// A retired secret was used.
    RetiredSecretUsed,
    /// A secret of a key was reported as leaked. The key was revoked, unless the secret was retired.
    LeakReported,
    /// A mail cannot be delivered.
    MailUndeliverable,
}

/// The state of a message for its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "MessageState"))]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Not read yet.
    Unread,
    /// Read.
    Read,
    /// Put away.
    Archived,
}

impl State {
    /// Returns the word that is stored and that the API uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unread => "unread",
            Self::Read => "read",
            Self::Archived => "archived",
        }
    }

    /// Reads that word. `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Unread, Self::Read, Self::Archived].into_iter().find(|state| state.as_str() == text)
    }
}

/// One message. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Identifies the message among those of its reader. It sorts by the millisecond of the
    /// request, and within a request by order.
    pub message_id: Ulid,
    /// When the reported change happened.
    pub at: Time,
    /// Its kind.
    #[serde(rename = "event")]
    pub kind: MessageKind,
    /// One line.
    pub title: String,
    /// The whole text.
    pub text: String,
    /// Its state.
    pub state: State,
    /// The key that it concerns, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<KeyId>,
}

impl Message {
    /// Makes an unread message.
    ///
    /// # Panics
    /// When the operating system has no random bytes to give.
    #[must_use]
    pub fn new(
        at: impl Into<Timestamp>,
        kind: MessageKind,
        title: impl Into<String>,
        text: impl Into<String>,
        key_id: Option<KeyId>,
    ) -> Self {
        let (at, title, text) = (at.into(), title.into(), text.into());
        Self { message_id: at.new_id(), at: at.time(), kind, title, text, state: State::Unread, key_id }
    }
}

impl MessageKind {
    /// Returns the kind of a message that is written at `now` about an expiry.
    #[must_use]
    pub fn of_expiry(expires_at: Time, now: Time) -> Self {
        if expires_at > now { Self::KeyExpiring } else { Self::KeyExpired }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_expired_at_its_second() {
        let now = Time::from_seconds(1_000);
        let kinds = [1_001, 1_000].map(|expiry| MessageKind::of_expiry(Time::from_seconds(expiry), now));
        assert_eq!(kinds, [MessageKind::KeyExpiring, MessageKind::KeyExpired]);
    }

    #[test]
    fn states_are_the_words_of_the_api() {
        for state in [State::Unread, State::Read, State::Archived] {
            assert_eq!(State::parse(state.as_str()), Some(state));
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
        assert_eq!(State::parse("Read"), None);
    }

    #[test]
    fn a_new_message_is_unread_and_its_id_carries_its_time() {
        let at = Time::from_seconds(1_000);
        let message = Message::new(at, MessageKind::KeyChanged, "title", "text", None);
        assert_eq!((message.state, message.message_id.timestamp_ms()), (State::Unread, 1_000_000));
    }
}
