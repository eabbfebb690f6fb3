//! What people read of a key that expires: in an inbox, and as a line of a mail.

use super::quoted;
use crate::{
    Time, access_key::AccessKey, id::KeyId, organization::Organization, time::DAY, token::KeyPrefix,
    user::User,
};

/// What to do about a key that expires.
pub const EXPIRY_ADVICE: &str = "An expired key is refused from that second on. Create a new key, put it \
    where the old one is used, and revoke the old one; or move the expiry, where your organization allows it.";

const HOUR: i64 = 3_600;

/// The facts of a key that expires. It holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpiringKey {
    /// The id of the key.
    pub key_id: KeyId,
    /// The label of the key.
    pub key_name: String,
    /// The key without its secret, as people see it in lists.
    pub masked_key: String,
    /// The name of the key's user.
    pub user_name: String,
    /// The name of the key's organization.
    pub organization_name: String,
    /// The expiry that people are notified of.
    pub expires_at: Time,
}

impl ExpiringKey {
    /// Collects the facts of a key.
    #[must_use]
    pub fn new(
        key: &AccessKey,
        expires_at: Time,
        user: &User,
        organization: &Organization,
        prefix: &KeyPrefix,
    ) -> Self {
        Self {
            key_id: key.key_id,
            key_name: key.name.to_string(),
            masked_key: key.masked_key(prefix),
            user_name: user.name.to_string(),
            organization_name: organization.name.to_string(),
            expires_at,
        }
    }

    /// Returns one line that names the key and says when it expires.
    #[must_use]
    pub fn headline(&self, now: Time) -> String {
        format!("Access key {} {}", quoted(&self.key_name), self.time_left(now))
    }

    /// Says how long the key still works, to the nearest hour or day.
    #[must_use]
    pub fn time_left(&self, now: Time) -> String {
        match self.expires_at.since(now) {
            ..=0 => "has expired".to_owned(),
            seconds if seconds < DAY - HOUR / 2 => {
                format!("expires in {}", count((seconds + HOUR / 2) / HOUR, "hour"))
            }
            seconds => format!("expires in {}", count((seconds + DAY / 2) / DAY, "day")),
        }
    }
}

fn count(number: i64, unit: &str) -> String {
    match number {
        0 => format!("less than an {unit}"),
        1 => format!("1 {unit}"),
        _ => format!("{number} {unit}s"),
    }
}

/// Writes an instant for people, as `2027-01-31 12:00:00 UTC`.
#[must_use]
pub fn instant(at: Time) -> String {
    at.to_string().replace('T', " ").replace('Z', " UTC")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_rounded_to_the_nearest_hour_or_day() {
        let now = Time::from_seconds(1_790_000_000);
        for (seconds, expected) in [
            (-1, "has expired"),
            (0, "has expired"),
            (1, "expires in less than an hour"),
            (3_600, "expires in 1 hour"),
            (23 * 3_600, "expires in 23 hours"),
            (84_600 - 1, "expires in 23 hours"),
            (84_600, "expires in 1 day"),
            (2 * 86_400 - 300, "expires in 2 days"),
            (30 * 86_400, "expires in 30 days"),
        ] {
            let key = ExpiringKey {
                key_id: KeyId::random(),
                key_name: "deploy".to_owned(),
                masked_key: String::new(),
                user_name: String::new(),
                organization_name: String::new(),
                expires_at: now.plus(seconds),
            };
            assert_eq!(key.time_left(now), expected);
            assert_eq!(key.headline(now), format!("Access key \"deploy\" {expected}"));
        }
        assert_eq!(instant(now), "2026-09-21 14:13:20 UTC");
    }
}
