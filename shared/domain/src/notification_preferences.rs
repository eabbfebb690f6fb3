//! Notification preferences: the channels that a user has switched on for each kind of message.

use serde::{Deserialize, Serialize};

use crate::inbox::MessageKind;

/// The two channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Channels {
    /// By mail.
    pub email: bool,
    /// In the inbox.
    pub inbox: bool,
}

impl Default for Channels {
    fn default() -> Self {
        Self { email: true, inbox: true }
    }
}

/// The channels for each kind of message; all on unless switched off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NotificationPreferences {
    /// A key is about to expire.
    pub key_expiring: Channels,
    /// A key has expired.
    pub key_expired: Channels,
    /// Somebody else created, rotated, revoked or changed a key.
    pub key_changed: Channels,
    /// Somebody else changed roles or groups.
    pub access_changed: Channels,
}

/// Switches to set; an absent switch stays as it is.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NotificationPreferencesChange {
    key_expiring: ChannelsChange,
    key_expired: ChannelsChange,
    key_changed: ChannelsChange,
    access_changed: ChannelsChange,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ChannelsChange {
    email: Option<bool>,
    inbox: Option<bool>,
}

impl NotificationPreferences {
    /// Returns the channels for a kind of message. Messages about threats to a key, about changes of the
    /// account, and about mails that cannot be delivered, cannot be switched off.
    #[must_use]
    pub fn channels(&self, kind: MessageKind) -> Channels {
        match kind {
            MessageKind::KeyExpiring => self.key_expiring,
            MessageKind::KeyExpired => self.key_expired,
            MessageKind::KeyChanged => self.key_changed,
            MessageKind::AccessChanged => self.access_changed,
            MessageKind::AccountChanged
            | MessageKind::RetiredSecretUsed
            | MessageKind::LeakReported
            | MessageKind::MailUndeliverable => Channels::default(),
        }
    }

    /// Applies the switches of `change`.
    #[must_use]
    pub fn changed(self, change: &NotificationPreferencesChange) -> Self {
        let merged = |channels: Channels, change: ChannelsChange| Channels {
            email: change.email.unwrap_or(channels.email),
            inbox: change.inbox.unwrap_or(channels.inbox),
        };
        Self {
            key_expiring: merged(self.key_expiring, change.key_expiring),
            key_expired: merged(self.key_expired, change.key_expired),
            key_changed: merged(self.key_changed, change.key_changed),
            access_changed: merged(self.access_changed, change.access_changed),
        }
    }
}
