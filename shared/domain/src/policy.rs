//! Policies: an organization's rules, and their two presets.
//!
//! Over 300 lines: the parts of a policy, their presets and their bounds are read together.

use serde::{Deserialize, Serialize};

use crate::{Error, Time, time::DAY, user::Kind};

/// A set of rules to start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// Small quotas, expiry always, an expired key needs a new one.
    #[default]
    Strict,
    /// Large quotas for owners, keys that may never expire, extension at any time.
    Flexible,
}

/// Whether a key's expiry may be moved later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
pub struct Rotation {
    /// Longest time for which a previous secret still works, seconds.
    pub max_overlap_seconds: i64,
}

/// When expiry is announced, and to whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notices {
    /// Lead times, days, the longest first.
    pub days_before: Vec<u16>,
    /// Whether expiry itself is announced.
    pub on_expiry: bool,
    /// The recipients besides the key's user.
    pub tell: Tell,
}

/// The recipients of expiry notices besides the key's user.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own in the API")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tell {
    /// Owners, of machine users' keys.
    pub owners_for_machines: bool,
    /// Owners, of every key.
    pub owners: bool,
    /// The user who created the key.
    pub creator: bool,
    /// The user who last changed the key.
    pub modifier: bool,
}

/// An organization's rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Returns the rules of a preset.
    #[must_use]
    pub fn preset(preset: Preset) -> Self {
        let flexible = preset == Preset::Flexible;
        Self {
            preset,
            quota: if flexible {
                Quota { owner: 50, normal: 2, machine: 2 }
            } else {
                Quota { owner: 1, normal: 1, machine: 2 }
            },
            lifetime: if flexible {
                Lifetime { min_seconds: 3_600, max_seconds: 3_650 * DAY, allow_never: true }
            } else {
                Lifetime { min_seconds: DAY, max_seconds: 365 * DAY, allow_never: false }
            },
            extension: if flexible { Extension::AnyTime } else { Extension::None },
            rotation: Rotation { max_overlap_seconds: 7 * DAY },
            notices: Notices {
                days_before: vec![30, 7, 2],
                on_expiry: true,
                tell: Tell {
                    owners_for_machines: true,
                    owners: flexible,
                    creator: flexible,
                    modifier: flexible,
                },
            },
        }
    }

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
        let Some(current) = current else { return Ok(()) };
        if wanted.is_some_and(|wanted| wanted <= current) {
            return Ok(());
        }
        match self.extension {
            Extension::None => return Err(Error::NotExtendable { extension: "none" }),
            Extension::BeforeExpiry if current <= now => {
                return Err(Error::NotExtendable { extension: "before_expiry" });
            }
            Extension::BeforeExpiry | Extension::AnyTime => {}
        }
        self.check_lifetime(wanted, now)
    }

    /// Applies the values of `change`. A named preset first replaces all values.
    pub fn changed(self, change: &PolicyChange) -> Result<Self, Error> {
        let mut policy = change.preset.map_or(self, Self::preset);
        change.apply(&mut policy);
        policy.notices.days_before.sort_unstable_by(|a, b| b.cmp(a));
        policy.check().map(|()| policy)
    }

    fn check(&self) -> Result<(), Error> {
        const LONGEST: i64 = 36_500 * DAY;
        let within = |field: &str, value: i64, least: i64, most: i64| {
            if (least..=most).contains(&value) {
                Ok(())
            } else {
                Err(Error::invalid(format!("policy.{field}"), format!("must be {least} to {most}")))
            }
        };
        within("quota.owner", self.quota.owner.into(), 0, 100)?;
        within("quota.normal", self.quota.normal.into(), 0, 100)?;
        within("quota.machine", self.quota.machine.into(), 0, 100)?;
        within("lifetime.min_seconds", self.lifetime.min_seconds, 1, LONGEST)?;
        within("lifetime.max_seconds", self.lifetime.max_seconds, 1, LONGEST)?;
        within("rotation.max_overlap_seconds", self.rotation.max_overlap_seconds, 0, 365 * DAY)?;
        let Lifetime { min_seconds, max_seconds, .. } = self.lifetime;
        if min_seconds > max_seconds {
            let rule = format!("min_seconds ({min_seconds}) must not exceed max_seconds ({max_seconds})");
            return Err(Error::invalid("policy.lifetime", rule));
        }
        let days = &self.notices.days_before;
        let distinct = days.windows(2).all(|pair| pair[0] != pair[1]);
        if days.len() > 10 || !distinct || !days.iter().all(|day| (1..=365).contains(day)) {
            return Err(Error::invalid(
                "policy.notices.days_before",
                "must be at most 10 different numbers from 1 to 365",
            ));
        }
        Ok(())
    }
}

/// Values to set in a policy; an absent value stays as it is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyChange {
    preset: Option<Preset>,
    #[serde(default)]
    quota: QuotaChange,
    #[serde(default)]
    lifetime: LifetimeChange,
    extension: Option<Extension>,
    #[serde(default)]
    rotation: RotationChange,
    #[serde(default)]
    notices: NoticesChange,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct QuotaChange {
    owner: Option<u32>,
    normal: Option<u32>,
    machine: Option<u32>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct LifetimeChange {
    min_seconds: Option<i64>,
    max_seconds: Option<i64>,
    allow_never: Option<bool>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RotationChange {
    max_overlap_seconds: Option<i64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct NoticesChange {
    days_before: Option<Vec<u16>>,
    on_expiry: Option<bool>,
    #[serde(default)]
    tell: TellChange,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct TellChange {
    owners_for_machines: Option<bool>,
    owners: Option<bool>,
    creator: Option<bool>,
    modifier: Option<bool>,
}

impl PolicyChange {
    /// Starts from a preset and changes nothing of it.
    #[must_use]
    pub fn to(preset: Preset) -> Self {
        Self { preset: Some(preset), ..Self::default() }
    }

    fn apply(&self, policy: &mut Policy) {
        fn set<T: Clone>(value: &mut T, change: Option<&T>) {
            if let Some(new) = change {
                value.clone_from(new);
            }
        }
        set(&mut policy.quota.owner, self.quota.owner.as_ref());
        set(&mut policy.quota.normal, self.quota.normal.as_ref());
        set(&mut policy.quota.machine, self.quota.machine.as_ref());
        set(&mut policy.lifetime.min_seconds, self.lifetime.min_seconds.as_ref());
        set(&mut policy.lifetime.max_seconds, self.lifetime.max_seconds.as_ref());
        set(&mut policy.lifetime.allow_never, self.lifetime.allow_never.as_ref());
        set(&mut policy.extension, self.extension.as_ref());
        set(&mut policy.rotation.max_overlap_seconds, self.rotation.max_overlap_seconds.as_ref());
        set(&mut policy.notices.days_before, self.notices.days_before.as_ref());
        set(&mut policy.notices.on_expiry, self.notices.on_expiry.as_ref());
        set(&mut policy.notices.tell.owners_for_machines, self.notices.tell.owners_for_machines.as_ref());
        set(&mut policy.notices.tell.owners, self.notices.tell.owners.as_ref());
        set(&mut policy.notices.tell.creator, self.notices.tell.creator.as_ref());
        set(&mut policy.notices.tell.modifier, self.notices.tell.modifier.as_ref());
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
        let policy = change(r#"{"quota": {"machine": 5}, "notices": {"days_before": [1, 14]}}"#).unwrap();
        assert_eq!((policy.quota.owner, policy.quota.machine), (1, 5));
        assert_eq!(policy.notices.days_before, [14, 1]);
        assert!(policy.notices.on_expiry);
    }

    #[test]
    fn a_preset_in_a_change_comes_first() {
        let policy = change(r#"{"preset": "flexible", "quota": {"owner": 3}}"#).unwrap();
        assert_eq!((policy.quota.owner, policy.lifetime.allow_never), (3, true));
    }

    #[test]
    fn contradictions_name_both_values() {
        let refused =
            change(r#"{"lifetime": {"min_seconds": 50, "max_seconds": 10}}"#).unwrap_err().to_string();
        assert!(refused.contains("50") && refused.contains("10"), "{refused}");
    }

    #[test]
    fn values_out_of_bounds_name_their_field() {
        for (json, field) in [
            (r#"{"quota": {"normal": 101}}"#, "policy.quota.normal"),
            (r#"{"lifetime": {"min_seconds": 0}}"#, "policy.lifetime.min_seconds"),
            (r#"{"rotation": {"max_overlap_seconds": -1}}"#, "policy.rotation.max_overlap_seconds"),
            (r#"{"notices": {"days_before": [7, 7]}}"#, "policy.notices.days_before"),
            (r#"{"notices": {"days_before": [0]}}"#, "policy.notices.days_before"),
        ] {
            assert!(change(json).unwrap_err().to_string().starts_with(field), "{json}");
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
