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
