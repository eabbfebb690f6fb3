//! Rotation of secrets: the current, the previous and the retired ones.

use serde::{Deserialize, Serialize};

use super::AccessKey;
use crate::{
    Time,
    secret::{RetiredSecret, StoredSecret},
    token::SecretToken,
};

/// The most retired secrets that a key keeps.
pub const MAX_RETIRED_SECRETS: usize = 8;

/// A replaced secret that still works during its overlap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousSecret {
    /// Its verifier.
    pub secret: StoredSecret,
    /// When it was issued.
    pub issued_at: Time,
    /// The first second at which it is refused.
    pub works_until: Time,
}

/// The credential that came with a rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RotatedWith {
    /// The previous secret of the key, which still works.
    Previous,
    /// Any other credential.
    Other,
}

impl AccessKey {
    /// Lists the secrets that are neither retired nor past their overlap at `now`, the current one first.
    pub fn active_secrets(&self, now: Time) -> impl Iterator<Item = &StoredSecret> {
        let previous = self.previous.as_ref().filter(move |previous| now < previous.works_until);
        std::iter::once(&self.secret).chain(previous.map(|previous| &previous.secret))
    }

    /// Lists the secrets that are retired at `now`.
    pub fn retired_secrets(&self, now: Time) -> impl Iterator<Item = RetiredSecret> {
        let over = self.previous.as_ref().filter(move |previous| previous.works_until <= now);
        self.retired.iter().cloned().chain(over.map(|previous| previous.secret.to_retired()))
    }

    /// Returns the end of the overlap, while it lasts.
    #[must_use]
    pub fn overlap_ends_at(&self, now: Time) -> Option<Time> {
        let ends = self.previous.as_ref()?.works_until;
        let ends = self.expires_at.map_or(ends, |expiry| expiry.min(ends));
        (now < ends).then_some(ends)
    }

    /// Returns when an active secret was issued, and when it ends; `None` if it never ends.
    #[must_use]
    pub fn validity_of(&self, secret: &StoredSecret) -> (Time, Option<Time>) {
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
    /// The previous secret ends. There is one exception: a rotation with the previous secret itself keeps
    /// that secret and its end, and retires the current one, which its holder may never have seen.
    pub fn rotate(
        &mut self,
        token: &SecretToken,
        secret: StoredSecret,
        overlap: i64,
        rotated_with: RotatedWith,
        now: Time,
    ) {
        let replaced = std::mem::replace(&mut self.secret, secret);
        if rotated_with == RotatedWith::Previous {
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
        let surplus = self.retired.len().saturating_sub(MAX_RETIRED_SECRETS);
        self.retired.drain(..surplus);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        id::{KeyId, OrganizationId, UserId},
        secret::Peppers,
    };

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
            let secret = peppers.hash_secret(token.token());
            let key = AccessKey::new(&token, secret, organization_id, name, expires_at, by, NOW);
            Self { peppers, key, tokens: vec![token] }
        }

        fn rotate(&mut self, overlap: i64, rotated_with: RotatedWith, now: Time) {
            let token = SecretToken::generate(&"ak".parse().unwrap(), self.key.key_id);
            let secret = self.peppers.hash_secret(token.token());
            self.key.rotate(&token, secret, overlap, rotated_with, now);
            self.tokens.push(token);
        }

        /// Writes for each token, the oldest first, whether it works, is retired, or is unknown.
        fn states(&self, now: Time) -> String {
            let state = |token: &SecretToken| {
                let works = |stored| self.peppers.tag_matches(stored, token.token()).unwrap();
                if self.key.active_secrets(now).any(works) {
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
        rotated.rotate(60, RotatedWith::Other, NOW);
        assert_eq!(rotated.states(NOW.plus(59)), "ww");
        assert_eq!(rotated.states(NOW.plus(60)), "rw");
        assert_eq!(rotated.key.overlap_ends_at(NOW.plus(59)), Some(NOW.plus(60)));
        assert_eq!(rotated.key.overlap_ends_at(NOW.plus(60)), None);
    }

    #[test]
    fn without_overlap_it_ends_at_once_and_with_it_never_after_the_expiry() {
        let mut rotated = Rotated::new(1_000);
        rotated.rotate(0, RotatedWith::Other, NOW);
        assert_eq!(rotated.states(NOW), "rw");
        rotated.rotate(5_000, RotatedWith::Other, NOW);
        assert_eq!(rotated.key.overlap_ends_at(NOW), Some(NOW.plus(1_000)));
        assert_eq!(rotated.key.expires_at, Some(NOW.plus(1_000)));
    }

    #[test]
    fn a_second_rotation_ends_the_first_ones_previous_secret() {
        let mut rotated = Rotated::new(1_000);
        rotated.rotate(60, RotatedWith::Other, NOW);
        rotated.rotate(30, RotatedWith::Other, NOW.plus(1));
        assert_eq!(rotated.states(NOW.plus(1)), "rww");
        assert_eq!(rotated.key.overlap_ends_at(NOW.plus(1)), Some(NOW.plus(31)));
    }

    #[test]
    fn one_made_with_the_previous_secret_leaves_it_and_its_end() {
        let mut rotated = Rotated::new(1_000);
        rotated.rotate(60, RotatedWith::Other, NOW);
        rotated.rotate(0, RotatedWith::Previous, NOW.plus(1));
        assert_eq!(rotated.states(NOW.plus(1)), "wrw");
        assert_eq!(rotated.states(NOW.plus(60)), "rrw");
    }

    #[test]
    fn each_secret_has_the_term_in_which_it_works() {
        let mut rotated = Rotated::new(1_000);
        let expiry = rotated.key.expires_at;
        assert_eq!(rotated.key.validity_of(&rotated.key.secret), (NOW, expiry));
        rotated.rotate(60, RotatedWith::Other, NOW.plus(10));
        rotated.rotate(60, RotatedWith::Other, NOW.plus(20));
        rotated.rotate(0, RotatedWith::Previous, NOW.plus(30));
        let mut key = rotated.key;
        let previous = key.previous.clone().unwrap().secret;
        assert_eq!(key.validity_of(&previous), (NOW.plus(10), Some(NOW.plus(80))));
        assert_eq!(key.validity_of(&key.secret), (NOW.plus(30), expiry));
        key.expires_at = Some(NOW.plus(40));
        assert_eq!(key.validity_of(&previous), (NOW.plus(10), Some(NOW.plus(40))));
        key.expires_at = None;
        assert_eq!(key.validity_of(&key.secret), (NOW.plus(30), None));
    }

    #[test]
    fn the_last_eight_retired_secrets_are_remembered() {
        let mut rotated = Rotated::new(1_000);
        for _ in 0..10 {
            rotated.rotate(0, RotatedWith::Other, NOW);
        }
        assert_eq!(rotated.states(NOW), "??rrrrrrrrw");
    }
}
