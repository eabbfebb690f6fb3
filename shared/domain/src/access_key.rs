//! Access keys: what is stored of one, and the state it is in.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{
    Time,
    cidr::Cidr,
    id::{KeyId, OrganizationId, UserId},
    role::Label,
    secret::{RetiredSecret, StoredSecret},
    text::{Description, Name},
    token::SecretToken,
};

/// The state of a key at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Works.
    Active,
    /// Switched off; can be switched on again.
    Inactive,
    /// Its time is over.
    Expired,
    /// Ended for ever.
    Revoked,
}

/// The most retired secrets that are remembered of a key.
pub const RETIRED: usize = 8;

/// A secret that a rotation replaced and that still works for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousSecret {
    /// Its verifier.
    pub secret: StoredSecret,
    /// When it was made.
    pub issued_at: Time,
    /// From this second on it is refused.
    pub works_until: Time,
}

/// The secret that a rotation was asked for with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedWith {
    /// The previous secret of the key, which still works.
    Previous,
    /// Any other credential.
    Other,
}

/// What is stored of a key. It holds verifiers, so it never leaves the process.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccessKey {
    /// Names the key, and its user for ever.
    pub key_id: KeyId,
    /// The organization it belongs to.
    pub organization_id: OrganizationId,
    /// A label.
    pub name: Name,
    /// A remark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
    /// From this second on it is refused; `None` never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Time>,
    /// When its expiry was set last: notices due before then are not sent.
    pub expiry_set_at: Time,
    /// When it was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Time>,
    /// The roles it is narrowed to; `None` until it was given any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<Label>>,
    /// The groups it is narrowed to; `None` until it was given any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<Label>>,
    /// The networks it may be used from; `None` is any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_cidrs: Option<Vec<Cidr>>,
    /// Who switched it off, while it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deactivated_by: Option<UserId>,
    /// The secret that works now.
    pub secret: StoredSecret,
    /// The secret before the last rotation that let it work on for a while.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<PreviousSecret>,
    /// Secrets that work no more, the latest last: at most [`RETIRED`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retired: Vec<RetiredSecret>,
    /// When the use of a retired secret was last told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reuse_told_at: Option<Time>,
    /// When it last got a new secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotated_at: Option<Time>,
    /// The last four characters of the token, which people recognize.
    pub last_four: String,
    /// When it was made.
    pub created_at: Time,
    /// Who made it.
    pub created_by: UserId,
    /// When it was changed last; use and notices are no changes.
    pub updated_at: Time,
    /// Who changed it last.
    pub updated_by: UserId,
    /// When it was used last, at most ten minutes behind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Time>,
    /// Counts its changes, from 1.
    pub version: u64,
}

impl AccessKey {
    /// Makes an active key, whose secret was sealed from `token`.
    #[must_use]
    pub fn new(
        token: &SecretToken,
        secret: StoredSecret,
        organization_id: OrganizationId,
        name: Name,
        expires_at: Option<Time>,
        by: UserId,
        now: Time,
    ) -> Self {
        Self {
            key_id: token.token().key_id(),
            organization_id,
            name,
            description: None,
            expires_at,
            expiry_set_at: now,
            revoked_at: None,
            roles: None,
            groups: None,
            allowed_cidrs: None,
            deactivated_by: None,
            secret,
            previous: None,
            retired: Vec::new(),
            reuse_told_at: None,
            rotated_at: None,
            last_four: token.last_four().to_owned(),
            created_at: now,
            created_by: by,
            updated_at: now,
            updated_by: by,
            last_used_at: None,
            version: 1,
        }
    }

    /// Returns the state at `now`: what is final wins over what can be undone.
    #[must_use]
    pub fn status(&self, now: Time) -> Status {
        if self.revoked_at.is_some() {
            Status::Revoked
        } else if self.expires_at.is_some_and(|expiry| expiry <= now) {
            Status::Expired
        } else if self.deactivated_by.is_some() {
            Status::Inactive
        } else {
            Status::Active
        }
    }

    /// Lists the secrets that work at `now` as far as they themselves go, the current one first.
    pub fn working_secrets(&self, now: Time) -> impl Iterator<Item = &StoredSecret> {
        let previous = self.previous.as_ref().filter(move |previous| now < previous.works_until);
        std::iter::once(&self.secret).chain(previous.map(|previous| &previous.secret))
    }

    /// Lists what is kept of the secrets that work no more at `now`.
    pub fn retired_secrets(&self, now: Time) -> impl Iterator<Item = RetiredSecret> {
        let over = self.previous.as_ref().filter(move |previous| previous.works_until <= now);
        self.retired.iter().cloned().chain(over.map(|previous| previous.secret.to_retired()))
    }

    /// Returns until when the previous secret works, while it does.
    #[must_use]
    pub fn overlap_ends_at(&self, now: Time) -> Option<Time> {
        let ends = self.previous.as_ref()?.works_until;
        let ends = self.expires_at.map_or(ends, |expiry| expiry.min(ends));
        (now < ends).then_some(ends)
    }

    /// Returns when one of the working secrets was made, and from when on it is refused; `None` never.
    #[must_use]
    pub fn term_of(&self, secret: &StoredSecret) -> (Time, Option<Time>) {
        match &self.previous {
            Some(previous) if previous.secret == *secret => {
                let ends = previous.works_until;
                (previous.issued_at, Some(self.expires_at.map_or(ends, |expiry| expiry.min(ends))))
            }
            _ => (self.rotated_at.unwrap_or(self.created_at), self.expires_at),
        }
    }

    /// Puts a new secret in the place of the current one, which works on for `overlap` seconds, never
    /// past the key's expiry. The expiry does not move.
    ///
    /// The secret before the current one ends. Only a rotation that was asked for with that very secret
    /// leaves it and its end as they are, and ends the current one, which its holder may never have seen.
    pub fn rotate(
        &mut self,
        token: &SecretToken,
        secret: StoredSecret,
        overlap: i64,
        asked_with: AskedWith,
        now: Time,
    ) {
        let replaced = std::mem::replace(&mut self.secret, secret);
        if asked_with == AskedWith::Previous {
            self.retire(&replaced);
        } else {
            if let Some(previous) = self.previous.take() {
                self.retire(&previous.secret);
            }
            if overlap > 0 {
                let end = now.plus(overlap);
                let works_until = self.expires_at.map_or(end, |expiry| expiry.min(end));
                let issued_at = self.rotated_at.unwrap_or(self.created_at);
                self.previous = Some(PreviousSecret { secret: replaced, issued_at, works_until });
            } else {
                self.retire(&replaced);
            }
        }
        token.last_four().clone_into(&mut self.last_four);
        self.rotated_at = Some(now);
    }

    fn retire(&mut self, secret: &StoredSecret) {
        self.retired.push(secret.to_retired());
        let surplus = self.retired.len().saturating_sub(RETIRED);
        self.retired.drain(..surplus);
    }

    /// Tells whether the key may be used from an address; one that is not known is in no network.
    #[must_use]
    pub fn may_be_used_from(&self, address: Option<IpAddr>) -> bool {
        self.allowed_cidrs.as_ref().is_none_or(|networks| {
            address.is_some_and(|address| networks.iter().any(|one| one.contains(address)))
        })
    }

    /// Tells whether the key may do less than its user.
    #[must_use]
    pub const fn is_narrowed(&self) -> bool {
        self.roles.is_some() || self.groups.is_some()
    }

    /// Returns the key's user.
    #[must_use]
    pub fn user_id(&self) -> UserId {
        self.key_id.user_id()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Peppers;

    const NOW: Time = Time::from_seconds(1_000_000);

    struct Rotated {
        peppers: Peppers,
        key: AccessKey,
        tokens: Vec<SecretToken>,
    }

    impl Rotated {
        fn new(lifetime: i64) -> Self {
            let peppers =
                Peppers::parse(r#"{"current": "1", "1": "0123456789abcdef0123456789abcdef"}"#).unwrap();
            let token = SecretToken::generate(&"ak".parse().unwrap(), KeyId::random());
            let (name, expires_at) = ("deploy".to_owned().try_into().unwrap(), Some(NOW.plus(lifetime)));
            let (organization_id, by) = (OrganizationId::random(), UserId::random());
            let secret = peppers.seal(token.token());
            let key = AccessKey::new(&token, secret, organization_id, name, expires_at, by, NOW);
            Self { peppers, key, tokens: vec![token] }
        }

        fn rotate(&mut self, overlap: i64, asked_with: AskedWith, now: Time) {
            let token = SecretToken::generate(&"ak".parse().unwrap(), self.key.key_id);
            let secret = self.peppers.seal(token.token());
            self.key.rotate(&token, secret, overlap, asked_with, now);
            self.tokens.push(token);
        }

        /// Writes for each token, the oldest first, whether it works, is retired, or is unknown.
        fn states(&self, now: Time) -> String {
            let state = |token: &SecretToken| {
                let works = |stored| self.peppers.tag_matches(stored, token.token()).unwrap();
                if self.key.working_secrets(now).any(works) {
                    'w'
                } else if self
                    .key
                    .retired_secrets(now)
                    .any(|retired| self.peppers.retired_tag_matches(&retired, token.token()))
                {
                    'r'
                } else {
                    '?'
                }
            };
            self.tokens.iter().map(state).collect()
        }
    }

    #[test]
    fn the_previous_secret_works_until_the_overlap_ends() {
        let mut rotated = Rotated::new(1_000);
        rotated.rotate(60, AskedWith::Other, NOW);
        assert_eq!(rotated.states(NOW.plus(59)), "ww");
        assert_eq!(rotated.states(NOW.plus(60)), "rw");
        assert_eq!(rotated.key.overlap_ends_at(NOW.plus(59)), Some(NOW.plus(60)));
        assert_eq!(rotated.key.overlap_ends_at(NOW.plus(60)), None);
    }

    #[test]
    fn without_overlap_it_ends_at_once_and_with_it_never_after_the_expiry() {
        let mut rotated = Rotated::new(1_000);
        rotated.rotate(0, AskedWith::Other, NOW);
        assert_eq!(rotated.states(NOW), "rw");
        rotated.rotate(5_000, AskedWith::Other, NOW);
        assert_eq!(rotated.key.overlap_ends_at(NOW), Some(NOW.plus(1_000)));
        assert_eq!(rotated.key.expires_at, Some(NOW.plus(1_000)));
    }

    #[test]
    fn a_second_rotation_ends_the_first_ones_previous_secret() {
        let mut rotated = Rotated::new(1_000);
        rotated.rotate(60, AskedWith::Other, NOW);
        rotated.rotate(30, AskedWith::Other, NOW.plus(1));
        assert_eq!(rotated.states(NOW.plus(1)), "rww");
        assert_eq!(rotated.key.overlap_ends_at(NOW.plus(1)), Some(NOW.plus(31)));
    }

    #[test]
    fn one_made_with_the_previous_secret_leaves_it_and_its_end() {
        let mut rotated = Rotated::new(1_000);
        rotated.rotate(60, AskedWith::Other, NOW);
        rotated.rotate(0, AskedWith::Previous, NOW.plus(1));
        assert_eq!(rotated.states(NOW.plus(1)), "wrw");
        assert_eq!(rotated.states(NOW.plus(60)), "rrw");
    }

    #[test]
    fn each_secret_has_the_term_in_which_it_works() {
        let mut rotated = Rotated::new(1_000);
        let expiry = rotated.key.expires_at;
        assert_eq!(rotated.key.term_of(&rotated.key.secret), (NOW, expiry));
        rotated.rotate(60, AskedWith::Other, NOW.plus(10));
        rotated.rotate(60, AskedWith::Other, NOW.plus(20));
        rotated.rotate(0, AskedWith::Previous, NOW.plus(30));
        let mut key = rotated.key;
        let previous = key.previous.clone().unwrap().secret;
        assert_eq!(key.term_of(&previous), (NOW.plus(10), Some(NOW.plus(80))));
        assert_eq!(key.term_of(&key.secret), (NOW.plus(30), expiry));
        key.expires_at = Some(NOW.plus(40));
        assert_eq!(key.term_of(&previous), (NOW.plus(10), Some(NOW.plus(40))));
        key.expires_at = None;
        assert_eq!(key.term_of(&key.secret), (NOW.plus(30), None));
    }

    #[test]
    fn the_last_eight_retired_secrets_are_remembered() {
        let mut rotated = Rotated::new(1_000);
        for _ in 0..10 {
            rotated.rotate(0, AskedWith::Other, NOW);
        }
        assert_eq!(rotated.states(NOW), "??rrrrrrrrw");
    }
}
