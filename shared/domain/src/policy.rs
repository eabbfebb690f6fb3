//! Policies: an organization's rules, and their two presets.

mod change;
mod comparison;
mod preset;
mod violation;

use serde::{Deserialize, Serialize};

use crate::{Error, Time, access_key::ends_later, time::DAY, user::Kind};

pub use self::{change::PolicyChange, preset::Preset};

/// The most live keys that a policy can allow a user.
const MAX_QUOTA: u32 = 100;
/// The longest lifetime that a policy can allow, in seconds.
const MAX_LIFETIME_SECONDS: i64 = 36_500 * DAY;
/// The longest overlap that a policy can allow, in seconds.
const MAX_OVERLAP_SECONDS: i64 = 365 * DAY;
/// The most stages of notices before an expiry.
const MAX_STAGES: usize = 10;
/// The earliest stage, in days before the expiry.
const MAX_DAYS_BEFORE: u16 = 365;

/// Whether a key's expiry may be moved later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Extension {
    /// Never.
    None,
    /// While the key has not expired.
    BeforeExpiry,
    /// Also after the key expired, if the quota has a place.
    AnyTime,
}

/// How many live keys a user may hold, by kind; 0–100 each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Quota {
    /// For each owner.
    pub owner: u32,
    /// For each normal user.
    pub normal: u32,
    /// For each machine user.
    pub machine: u32,
}

impl Quota {
    /// Returns the rule's path for users of a kind.
    #[must_use]
    pub const fn rule(kind: Kind) -> &'static str {
        match kind {
            Kind::Owner => "quota.owner",
            Kind::Normal => "quota.normal",
            Kind::Machine => "quota.machine",
        }
    }

    /// Returns the quota of a user of this kind.
    #[must_use]
    pub const fn of(&self, kind: Kind) -> u32 {
        match kind {
            Kind::Owner => self.owner,
            Kind::Normal => self.normal,
            Kind::Machine => self.machine,
        }
    }
}

/// How long a key may live, counted from the request that sets its expiry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Lifetime {
    /// Shortest, seconds.
    pub min_seconds: i64,
    /// Longest, seconds.
    pub max_seconds: i64,
    /// Whether a key may never expire.
    pub allow_never: bool,
}

/// Rules of rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Rotation {
    /// Longest time for which a previous secret still works, seconds.
    pub max_overlap_seconds: i64,
}

/// When expiry is announced, and to whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Notices {
    /// Lead times, days, the longest first.
    pub days_before: Vec<u16>,
    /// Whether expiry itself is announced.
    pub on_expiry: bool,
    /// The recipients besides the key's user.
    #[serde(rename = "tell")]
    pub recipients: NoticeRecipients,
}

/// The recipients of expiry notices besides the key's user.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own in the API")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct NoticeRecipients {
    /// Owners, of machine users' keys.
    pub owners_for_machines: bool,
    /// Owners, of every key.
    pub owners: bool,
    /// The user who created the key.
    pub creator: bool,
    /// The user who last changed the key.
    pub modifier: bool,
}

impl Notices {
    /// Tells whether anybody gets fewer notices than by `before`.
    #[must_use]
    pub fn are_fewer_than(&self, before: &Self) -> bool {
        let switches = |notices: &Self| {
            let NoticeRecipients { owners_for_machines, owners, creator, modifier } = notices.recipients;
            [notices.on_expiry, owners_for_machines, owners, creator, modifier]
        };
        before.days_before.iter().any(|days| !self.days_before.contains(days))
            || switches(before).into_iter().zip(switches(self)).any(|(before, after)| before && !after)
    }
}

/// An organization's rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Policy {
    /// What the rules started from.
    pub preset: Preset,
    /// Live keys for each user.
    pub quota: Quota,
    /// Lifetimes of keys.
    pub lifetime: Lifetime,
    /// Whether expiry may be moved later.
    pub extension: Extension,
    /// Rotation.
    pub rotation: Rotation,
    /// Notices.
    pub notices: Notices,
}

impl Policy {
    /// Checks the expiry of a new key; `None` means never.
    pub fn check_lifetime(&self, expires_at: Option<Time>, now: Time) -> Result<(), Error> {
        let violated = |rule, value: String| Err(Error::PolicyViolation { rule, value });
        match expires_at.map(|expiry| expiry.since(now)) {
            None if self.lifetime.allow_never => Ok(()),
            None => violated("lifetime.allow_never", "false".to_owned()),
            Some(seconds) if seconds < self.lifetime.min_seconds => {
                violated("lifetime.min_seconds", self.lifetime.min_seconds.to_string())
            }
            Some(seconds) if seconds > self.lifetime.max_seconds => {
                violated("lifetime.max_seconds", self.lifetime.max_seconds.to_string())
            }
            Some(_) => Ok(()),
        }
    }

    /// Checks a change of expiry from `current`; `None` means never.
    ///
    /// An earlier expiry is always allowed; a later one where extension and lifetime allow it.
    pub fn check_new_expiry(
        &self,
        current: Option<Time>,
        wanted: Option<Time>,
        now: Time,
    ) -> Result<(), Error> {
        if !ends_later(current, wanted) {
            return Ok(());
        }
        match self.extension {
            Extension::None => return Err(Error::NotExtendable { extension: "none" }),
            Extension::BeforeExpiry if current.is_some_and(|current| current <= now) => {
                return Err(Error::NotExtendable { extension: "before_expiry" });
            }
            Extension::BeforeExpiry | Extension::AnyTime => {}
        }
        self.check_lifetime(wanted, now)
    }

    /// Checks that each value is within its bounds and that the values agree.
    fn check(&self) -> Result<(), Error> {
        let within = |field: &str, value: i64, least: i64, most: i64| {
            if (least..=most).contains(&value) {
                Ok(())
            } else {
                Err(Error::invalid(format!("policy.{field}"), format!("must be {least} to {most}")))
            }
        };
        within("quota.owner", self.quota.owner.into(), 0, MAX_QUOTA.into())?;
        within("quota.normal", self.quota.normal.into(), 0, MAX_QUOTA.into())?;
        within("quota.machine", self.quota.machine.into(), 0, MAX_QUOTA.into())?;
        within("lifetime.min_seconds", self.lifetime.min_seconds, 1, MAX_LIFETIME_SECONDS)?;
        within("lifetime.max_seconds", self.lifetime.max_seconds, 1, MAX_LIFETIME_SECONDS)?;
        within("rotation.max_overlap_seconds", self.rotation.max_overlap_seconds, 0, MAX_OVERLAP_SECONDS)?;
        let Lifetime { min_seconds, max_seconds, .. } = self.lifetime;
        if min_seconds > max_seconds {
            let rule = format!("min_seconds ({min_seconds}) must not exceed max_seconds ({max_seconds})");
            return Err(Error::invalid("policy.lifetime", rule));
        }
        let days = &self.notices.days_before;
        let distinct = days.windows(2).all(|pair| pair[0] != pair[1]);
        if days.len() > MAX_STAGES || !distinct || !days.iter().all(|day| (1..=MAX_DAYS_BEFORE).contains(day))
        {
            let rule = format!("must be at most {MAX_STAGES} different numbers from 1 to {MAX_DAYS_BEFORE}");
            return Err(Error::invalid("policy.notices.days_before", rule));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(json: &str) -> Result<Policy, Error> {
        Policy::preset(Preset::Strict).changed(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn a_change_touches_what_it_names() {
        let policy = change(r#"{"quota": {"machine": 5}, "notices": {"days_before": [1, 365]}}"#).unwrap();
        assert_eq!((policy.quota.owner, policy.quota.machine), (1, 5));
        assert_eq!(policy.notices.days_before, [365, 1]);
        assert!(policy.notices.on_expiry);
    }

    #[test]
    fn a_preset_in_a_change_comes_first() {
        let policy = change(r#"{"preset": "flexible", "quota": {"owner": 3}}"#).unwrap();
        assert_eq!((policy.quota.owner, policy.lifetime.allow_never), (3, true));
    }

    #[test]
    fn contradictions_name_both_values() {
        let told = change(r#"{"lifetime": {"min_seconds": 50, "max_seconds": 10}}"#).unwrap_err().to_string();
        assert!(told.contains("50") && told.contains("10"), "{told}");
    }

    #[test]
    fn values_out_of_bounds_name_their_field() {
        for (json, field) in [
            (r#"{"quota": {"normal": 101}}"#, "policy.quota.normal"),
            (r#"{"lifetime": {"min_seconds": 0}}"#, "policy.lifetime.min_seconds"),
            (r#"{"rotation": {"max_overlap_seconds": -1}}"#, "policy.rotation.max_overlap_seconds"),
            (r#"{"notices": {"days_before": [7, 7]}}"#, "policy.notices.days_before"),
            (r#"{"notices": {"days_before": [0]}}"#, "policy.notices.days_before"),
            (r#"{"notices": {"days_before": [366]}}"#, "policy.notices.days_before"),
        ] {
            assert!(change(json).unwrap_err().to_string().starts_with(field), "{json}");
        }
    }

    #[test]
    fn a_later_expiry_is_possible_where_extension_and_lifetime_allow_it() {
        let now = Time::from_seconds(1_000);
        let [past, ends_now, soon, later] = [-1, 0, 1, 2 * DAY].map(|seconds| Some(now.plus(seconds)));
        let check = |extension, current, wanted| {
            let policy = Policy { extension, ..Policy::preset(Preset::Strict) };
            policy.check_new_expiry(current, wanted, now).map_err(|error| match error {
                Error::NotExtendable { extension } => extension,
                _ => "lifetime",
            })
        };
        for (extension, current, wanted, expected) in [
            (Extension::None, soon, later, Err("none")),
            (Extension::None, later, soon, Ok(())),
            (Extension::None, later, later, Ok(())),
            (Extension::BeforeExpiry, soon, later, Ok(())),
            (Extension::BeforeExpiry, ends_now, later, Err("before_expiry")),
            (Extension::BeforeExpiry, past, later, Err("before_expiry")),
            (Extension::BeforeExpiry, soon, None, Err("lifetime")),
            (Extension::AnyTime, past, later, Ok(())),
            (Extension::AnyTime, past, ends_now, Err("lifetime")),
        ] {
            assert_eq!(check(extension, current, wanted), expected, "{extension:?} {current:?} {wanted:?}");
        }
    }

    #[test]
    fn lifetimes_hold_to_the_second() {
        let (strict, now) = (Policy::preset(Preset::Strict), Time::from_seconds(1_000));
        assert!(strict.check_lifetime(Some(now.plus(DAY)), now).is_ok());
        assert!(strict.check_lifetime(Some(now.plus(365 * DAY)), now).is_ok());
        assert!(strict.check_lifetime(Some(now.plus(DAY - 1)), now).is_err());
        assert!(strict.check_lifetime(Some(now.plus(365 * DAY + 1)), now).is_err());
        assert!(strict.check_lifetime(None, now).is_err());
        assert!(Policy::preset(Preset::Flexible).check_lifetime(None, now).is_ok());
    }
}
