//! Notices: when a key's expiry is announced.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{Time, access_key::AccessKey, id::KeyId, policy::Notices, time::DAY};

/// A lead time in days before expiry; 0 means that the key has expired.
pub type Stage = u16;

/// One notice: a key, its expiry and the stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    /// The key.
    pub key_id: KeyId,
    /// The announced expiry. A moved expiry makes another announcement.
    pub expires_at: Time,
    /// The stage.
    pub stage: Stage,
}

/// Returns the narrowest stage that is due at `now`. Stages that passed before the expiry was set do not
/// count.
///
/// So a late run sends one notice, not a backlog, and a key for one day gets no notice for seven.
#[must_use]
pub fn due_stage(notices: &Notices, key: &AccessKey, now: Time) -> Option<Stage> {
    stages_after_set(notices, key).filter(|(_, at)| *at <= now).map(|(stage, _)| stage).min()
}

/// Returns the narrowest stage whose lifecycle event is due at `now`: of the policy's stages, and always of expiry itself.
#[must_use]
pub fn due_event(notices: &Notices, key: &AccessKey, now: Time) -> Option<Stage> {
    let stages = instants(stages_of_events(notices), key);
    stages.filter(|(_, at)| *at <= now).map(|(stage, _)| stage).min()
}

/// Returns the first instant after `after` at which a stage of the key becomes due, for a notice or an event.
#[must_use]
pub fn next_due(notices: &Notices, key: &AccessKey, after: Time) -> Option<Time> {
    instants(stages_of_events(notices), key).map(|(_, at)| at).filter(|at| *at > after).min()
}

/// Returns the stages of `after` that `before` does not have.
#[must_use]
pub fn gained_stages(before: &Notices, after: &Notices) -> BTreeSet<Stage> {
    stages(after).filter(|stage| stages(before).all(|other| other != *stage)).collect()
}

/// Lists the stages of a policy.
fn stages(notices: &Notices) -> impl Iterator<Item = Stage> {
    notices.days_before.iter().copied().chain(notices.on_expiry.then_some(0))
}

/// Lists the stages that become events. Expiry is always one, whoever is told of it.
fn stages_of_events(notices: &Notices) -> impl Iterator<Item = Stage> {
    stages(notices).chain((!notices.on_expiry).then_some(0))
}

/// Lists the stages of a key with their instants, without those that passed before the expiry was set.
fn stages_after_set(notices: &Notices, key: &AccessKey) -> impl Iterator<Item = (Stage, Time)> {
    instants(stages(notices), key)
}

fn instants(stages: impl Iterator<Item = Stage>, key: &AccessKey) -> impl Iterator<Item = (Stage, Time)> {
    let set_at = key.expiry_set_at;
    let expiry = key.expires_at.filter(|_| key.revoked_at.is_none());
    stages
        .filter_map(move |stage| Some((stage, expiry?.plus(-DAY * i64::from(stage)))))
        .filter(move |(_, at)| *at > set_at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        id::{KeyId, OrganizationId, UserId},
        policy::{Policy, Preset},
        secret::Peppers,
        token::SecretToken,
    };

    fn key(lifetime: i64) -> AccessKey {
        let created_at = Time::from_seconds(1_000_000);
        let token = SecretToken::generate(&"ak".parse().unwrap(), KeyId::random());
        let peppers = Peppers::parse(r#"{"current": "1", "1": "0123456789abcdef0123456789abcdef"}"#).unwrap();
        let secret = peppers.hash_secret(token.token());
        let name = "deploy".to_owned().try_into().unwrap();
        let expires_at = Some(created_at.plus(lifetime));
        AccessKey::new(
            &token,
            secret,
            OrganizationId::random(),
            name,
            expires_at,
            UserId::random(),
            created_at,
        )
    }

    fn notices() -> Notices {
        Policy::preset(Preset::Strict).notices
    }

    #[test]
    fn each_stage_is_due_from_its_second_on() {
        let key = key(60 * DAY);
        let expiry = key.expires_at.unwrap();
        for (before, stage) in [
            (30 * DAY + 1, None),
            (30 * DAY, Some(30)),
            (7 * DAY, Some(7)),
            (2 * DAY, Some(2)),
            (1, Some(2)),
            (0, Some(0)),
            (-10 * DAY, Some(0)),
        ] {
            assert_eq!(due_stage(&notices(), &key, expiry.plus(-before)), stage, "{before}");
        }
    }

    #[test]
    fn a_key_made_for_a_day_is_announced_at_expiry_alone() {
        let key = key(DAY);
        assert_eq!(next_due(&notices(), &key, key.created_at), key.expires_at);
        assert_eq!(due_stage(&notices(), &key, key.created_at.plus(DAY - 1)), None);
        assert_eq!(due_stage(&notices(), &key, key.created_at.plus(DAY)), Some(0));
    }

    #[test]
    fn a_stage_that_begins_as_the_expiry_is_set_is_not_announced() {
        let key = key(30 * DAY);
        assert_eq!(due_stage(&notices(), &key, key.created_at), None);
        assert_eq!(next_due(&notices(), &key, key.created_at), Some(key.created_at.plus(23 * DAY)));
    }

    #[test]
    fn expiry_is_an_event_whether_it_is_told_or_not() {
        let key = key(60 * DAY);
        let expiry = key.expires_at.unwrap();
        let silent = Notices { days_before: vec![7], on_expiry: false, ..notices() };
        let at = |before: i64| expiry.plus(-before);
        assert_eq!(next_due(&silent, &key, at(7 * DAY)), Some(expiry));
        assert_eq!(next_due(&silent, &key, expiry), None);
        for (before, told, event) in [
            (7 * DAY + 1, None, None),
            (7 * DAY, Some(7), Some(7)),
            (1, Some(7), Some(7)),
            (0, Some(7), Some(0)),
        ] {
            let found = (due_stage(&silent, &key, at(before)), due_event(&silent, &key, at(before)));
            assert_eq!(found, (told, event), "{before}");
        }
    }

    #[test]
    fn a_policy_gains_the_stages_that_it_did_not_have() {
        let gained = |days_before: &[u16], on_expiry| {
            let before = Notices { on_expiry: false, ..notices() };
            let after = Notices { days_before: days_before.to_vec(), on_expiry, ..notices() };
            gained_stages(&before, &after).into_iter().collect::<Vec<_>>()
        };
        assert_eq!(gained(&[30, 7, 2], false), [0_u16; 0]);
        assert_eq!(gained(&[7], true), [0]);
        assert_eq!(gained(&[60, 30, 14, 1], true), [0, 1, 14, 60]);
    }

    #[test]
    fn revoked_and_lasting_keys_are_not_announced() {
        let (mut revoked, mut lasting) = (key(DAY), key(DAY));
        revoked.revoked_at = Some(revoked.created_at);
        lasting.expires_at = None;
        for key in [revoked, lasting] {
            assert_eq!(next_due(&notices(), &key, key.created_at), None);
            assert_eq!(due_stage(&notices(), &key, Time::MAX), None);
        }
    }

    proptest! {
        #[test]
        fn the_next_due_instant_is_the_first_at_which_the_stage_changes(lifetime in 1..400_i64, at in 0..400_i64) {
            let key = key(lifetime * DAY);
            let now = key.created_at.plus(at * DAY);
            let stage = due_stage(&notices(), &key, now);
            if let Some(next) = next_due(&notices(), &key, now) {
                prop_assert_eq!(due_stage(&notices(), &key, next.plus(-1)), stage);
                prop_assert_ne!(due_stage(&notices(), &key, next), stage);
            } else {
                prop_assert_eq!(due_stage(&notices(), &key, Time::MAX), stage);
            }
        }
    }
}
