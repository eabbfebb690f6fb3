//! By which ways a user wants to hear of what.

use serde::{Deserialize, Serialize};

use crate::inbox::Event;

/// The two ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ways {
    /// By mail.
    pub email: bool,
    /// In the inbox.
    pub inbox: bool,
}

impl Default for Ways {
    fn default() -> Self {
        Self { email: true, inbox: true }
    }
}

/// The ways for each event; all on unless switched off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Notifications {
    /// A key is about to expire.
    pub key_expiring: Ways,
    /// A key has expired.
    pub key_expired: Ways,
    /// Somebody else created, rotated, revoked or changed a key.
    pub key_changed: Ways,
    /// Somebody else changed roles or groups.
    pub access_changed: Ways,
}

/// Switches to set; what is absent stays as it is.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NotificationsChange {
    key_expiring: WaysChange,
    key_expired: WaysChange,
    key_changed: WaysChange,
    access_changed: WaysChange,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct WaysChange {
    email: Option<bool>,
    inbox: Option<bool>,
}

impl Notifications {
    /// Returns the ways for an event. What threatens a key, or keeps others
    /// from being warned, cannot be switched off.
    #[must_use]
    pub fn ways(&self, event: Event) -> Ways {
        match event {
            Event::KeyExpiring => self.key_expiring,
            Event::KeyExpired => self.key_expired,
            Event::KeyChanged => self.key_changed,
            Event::AccessChanged => self.access_changed,
            Event::RetiredSecretUsed | Event::LeakReported | Event::MailUndeliverable => Ways::default(),
        }
    }

    /// Applies the switches that `change` gives.
    #[must_use]
    pub fn changed(self, change: &NotificationsChange) -> Self {
        let merged = |ways: Ways, change: WaysChange| Ways {
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
