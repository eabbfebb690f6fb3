//! Positions in the list of an organization's access keys.

use std::fmt;

use domain::{Time, id::KeyId};

use crate::item_key;

/// A position in the list of an organization's keys: after one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessKeyPosition {
    expires_at: Option<Time>,
    key_id: KeyId,
}

impl AccessKeyPosition {
    /// Returns the key.
    #[must_use]
    pub(crate) const fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// Reads a position as [`Display`](fmt::Display) writes it; `None` for any other text.
    #[must_use]
    pub(crate) fn parse(text: &str) -> Option<Self> {
        item_key::read_by_expiry(text).map(|(expires_at, key_id)| Self { expires_at, key_id })
    }
}

impl fmt::Display for AccessKeyPosition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&item_key::by_expiry(self.expires_at, self.key_id))
    }
}
