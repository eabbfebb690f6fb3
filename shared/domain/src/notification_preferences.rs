//! Notification preferences: the channels that a user has switched on for each kind of message.

use serde::{Deserialize, Serialize};

use crate::{change::Change, inbox::MessageKind};

/// The two channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
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

/// Switches to set. An absent switch stays as it is; `null` switches on, at any depth.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct NotificationPreferencesChange {
    key_expiring: Change<ChannelsChange>,
    key_expired: Change<ChannelsChange>,
    key_changed: Change<ChannelsChange>,
    access_changed: Change<ChannelsChange>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
struct ChannelsChange {
    email: Change<bool>,
    inbox: Change<bool>,
}

impl ChannelsChange {
    fn apply(self, channels: &mut Channels) {
        self.email.apply(&mut channels.email, true);
        self.inbox.apply(&mut channels.inbox, true);
    }
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
    pub fn changed(mut self, change: Change<NotificationPreferencesChange>) -> Self {
        change.apply_with(&mut self, Self::default(), |preferences, change| {
            for (channels, change) in [
                (&mut preferences.key_expiring, change.key_expiring),
                (&mut preferences.key_expired, change.key_expired),
                (&mut preferences.key_changed, change.key_changed),
                (&mut preferences.access_changed, change.access_changed),
            ] {
                change.apply_with(channels, Channels::default(), |channels, change| change.apply(channels));
            }
        });
        self
    }
}

#[cfg(test)]
mod tests;
