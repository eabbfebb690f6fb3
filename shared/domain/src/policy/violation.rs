//! The keys that a policy would not allow, if it were the organization's.

use serde_json::{Value, json};

use super::{Policy, Quota};
use crate::{Error, Time, access_key::AccessKey, user::User};

impl Policy {
    /// Returns the first rule that a live key of a user violates, and the rule's value. A key that no longer works
    /// violates none.
    #[must_use]
    pub fn violated_by(&self, key: &AccessKey, user: &User, now: Time) -> Option<(&'static str, Value)> {
        if !key.status(now).is_live() {
            return None;
        }
        if let Err(Error::PolicyViolation { rule, value }) =
            self.check_lifetime(key.expires_at, key.expiry_set_at)
        {
            return Some((rule, json!(value)));
        }
        // The keys that expire last are those beyond the quota.
        let mut live: Vec<_> = user.live_keys.iter().filter(|(_, e)| e.is_none_or(|e| e > now)).collect();
        live.sort_by_key(|(suffix, expiry)| (expiry.unwrap_or(Time::MAX), **suffix));
        let position = live.iter().position(|(suffix, _)| **suffix == key.key_id.suffix())?;
        let quota = self.quota.of(user.kind);
        (position >= quota as usize).then(|| (Quota::rule(user.kind), json!(quota)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        access_key::AccessKey,
        id::{KeyId, OrganizationId},
        policy::Preset,
        secret::Peppers,
        token::SecretToken,
        user::Kind,
    };

    const DAY: i64 = 86_400;

    /// Makes a machine with keys that end after so many seconds.
    fn machine(seconds: &[i64], now: Time) -> (User, Vec<AccessKey>) {
        let name = || "ci".to_owned().try_into().unwrap();
        let mut user = User::new(OrganizationId::random(), Kind::Machine, name(), None, now);
        let peppers = Peppers::parse(r#"{"current": "1", "1": "0123456789abcdef0123456789abcdef"}"#).unwrap();
        let key = |seconds: &i64| {
            let token = SecretToken::generate(&"ak".parse().unwrap(), KeyId::random());
            let (secret, organization_id) = (peppers.hash_secret(token.token()), user.organization_id);
            // Each expiry was set two days ago.
            let set_at = now.plus(-2 * DAY);
            AccessKey::new(
                &token,
                secret,
                organization_id,
                name(),
                Some(now.plus(*seconds)),
                user.user_id,
                set_at,
            )
        };
        let keys: Vec<_> = seconds.iter().map(key).collect();
        user.live_keys = keys.iter().map(|key| (key.key_id.suffix(), key.expires_at)).collect();
        (user, keys)
    }

    #[test]
    fn the_keys_that_end_last_are_beyond_the_quota_and_those_that_have_ended_are_in_no_place() {
        let (policy, now) = (Policy::preset(Preset::Strict), Time::from_seconds(10 * DAY));
        let (user, keys) = machine(&[30, 0, 10, 20], now);
        let rules = keys.iter().map(|key| policy.violated_by(key, &user, now).map(|(rule, _)| rule));
        assert_eq!(rules.collect::<Vec<_>>(), [Some("quota.machine"), None, None, None]);
    }

    #[test]
    fn a_lifetime_is_judged_by_when_the_expiry_was_set() {
        let (policy, now) = (Policy::preset(Preset::Strict), Time::from_seconds(10 * DAY));
        let (user, keys) = machine(&[363 * DAY, 363 * DAY + 1], now);
        let rules = keys.iter().map(|key| policy.violated_by(key, &user, now));
        let expected = Some(("lifetime.max_seconds", json!((365 * DAY).to_string())));
        assert_eq!(rules.collect::<Vec<_>>(), [None, expected]);
    }
}
