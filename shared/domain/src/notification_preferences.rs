//! By which ways a user wants to hear of what.

use serde::{Deserialize, Serialize};

use crate::inbox::MessageKind;

/// The two ways.
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

/// The ways for each event; all on unless switched off.
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

/// Switches to set; what is absent stays as it is.
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
    /// Returns the ways for an event. What threatens a key, or keeps others
    /// from being warned, cannot be switched off.
    #[must_use]
    pub fn ways(&self, event: MessageKind) -> Channels {
        match event {
            MessageKind::KeyExpiring => self.key_expiring,
            MessageKind::KeyExpired => self.key_expired,
            MessageKind::KeyChanged => self.key_changed,
            MessageKind::AccessChanged => self.access_changed,
            MessageKind::RetiredSecretUsed | MessageKind::LeakReported | MessageKind::MailUndeliverable => Channels::default(),
        }
    }

    /// Applies the switches that `change` gives.
    #[must_use]
    pub fn changed(self, change: &NotificationPreferencesChange) -> Self {
        let merged = |ways: Channels, change: ChannelsChange| Channels {
            email: change.email.unwrap_or(ways.email),
            inbox: change.inbox.unwrap_or(ways.inbox),
        };
        Self {
            key_expiring: merged(self.key_expiring, change.key_expiring),
            key_expired: merged(self.key_expired, change.key_expired),
            key_changed: merged(self.key_changed, change.key_changed),
            access_changed: merged(self.access_changed, change.access_changed),
        }
    }
}
