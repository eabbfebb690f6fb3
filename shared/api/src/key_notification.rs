//! Notifications to a user about a change that somebody else made to the user's key.

use domain::{
    access_key::AccessKey,
    inbox::{Message, MessageKind},
    notification::Notification,
    token::KeyPrefix,
    user::User,
};

use crate::{Member, Request};

/// A change to a key, as its user is notified of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessKeyChange {
    /// The key was created.
    Created,
    /// The name, expiry, networks or on/off state changed.
    Changed,
    /// The key got a new secret.
    Rotated,
    /// The key was revoked.
    Revoked,
    /// The key was deleted.
    Deleted,
    /// The key's roles or groups changed.
    AccessChanged,
}

impl AccessKeyChange {
    const fn verb(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Changed => "changed",
            Self::Rotated => "made a new secret for",
            Self::Revoked => "revoked",
            Self::Deleted => "deleted",
            Self::AccessChanged => "changed the roles or groups of",
        }
    }

    const fn event(self) -> MessageKind {
        match self {
            Self::AccessChanged => MessageKind::AccessChanged,
            _ => MessageKind::KeyChanged,
        }
    }
}

impl Request<Member> {
    /// Notifies a key's user of a change by the caller; `None` if the caller is that user.
    #[must_use]
    pub fn key_notification(
        &self,
        user: &User,
        key: &AccessKey,
        prefix: &KeyPrefix,
        change: AccessKeyChange,
    ) -> Option<Notification> {
        let member = &self.caller;
        if member.user_id == user.user_id {
            return None;
        }
        let title = format!("{} {} your access key {}", member.name, change.verb(), key.name);
        let expiry =
            key.expires_at.map_or_else(|| "never expires".to_owned(), |at| format!("expires at {at}"));
        let text = format!(
            "Key {}, which {expiry}. Done by {} ({}) from {}. If you did not expect this, ask them, or an owner of your organization.",
            key.masked_key(prefix),
            member.name,
            member.user_id,
            self.source_ip,
        );
        Notification::to(user, Message::new(self.now, change.event(), title, text, Some(key.key_id)))
    }
}
