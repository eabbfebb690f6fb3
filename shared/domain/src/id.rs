//! Identifiers. Each has its own length, so that each is its own type.

use crate::base62::Base62;

/// Identifies an organization.
pub type OrganizationId = Base62<16>;

/// Identifies a user: one person or machine in one organization.
pub type UserId = Base62<12>;

/// Identifies a key among the keys of its user; part of the stored key's sort key.
pub type KeySuffix = Base62<8>;

/// Identifies a key: its user's id, then its suffix. So a key cannot change its user.
pub type KeyId = Base62<20>;

impl KeyId {
    /// Joins a user's id and a suffix.
    #[must_use]
    pub fn new(user_id: UserId, suffix: KeySuffix) -> Self {
        Self::parse(&format!("{user_id}{suffix}")).expect("12 and 8 base62 characters make 20")
    }

    /// Returns the id of the key's user.
    #[must_use]
    pub fn user_id(&self) -> UserId {
        UserId::parse(&self.as_str()[..12]).expect("a part of base62 text is base62")
    }

    /// Returns the part after the user's id.
    #[must_use]
    pub fn suffix(&self) -> KeySuffix {
        KeySuffix::parse(&self.as_str()[12..]).expect("a part of base62 text is base62")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_id_is_its_user_and_its_suffix() {
        let (user_id, suffix) = (UserId::random(), KeySuffix::random());
        let key_id = KeyId::new(user_id, suffix);
        assert_eq!((key_id.user_id(), key_id.suffix()), (user_id, suffix));
    }
}
