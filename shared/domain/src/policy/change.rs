//! Changes of a policy, as a request states them.

use serde::{Deserialize, Deserializer};

use super::{Extension, Lifetime, NoticeRecipients, Notices, Policy, Preset, Quota, Rotation};
use crate::{Error, change::Change};

impl Policy {
    /// Applies the values of `change`. A named preset first replaces all values; `null` resets to the preset's value.
    pub fn changed(self, change: &PolicyChange) -> Result<Self, Error> {
        let mut policy = change.preset.map_or(self, Self::preset);
        change.clone().apply(&mut policy);
        policy.notices.days_before.sort_unstable_by(|a, b| b.cmp(a));
        policy.check().map(|()| policy)
    }
}

/// Values to set in a policy. An absent value stays as it is; `null` resets it to the preset's, at any depth.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct PolicyChange {
    /// `null` is refused: a policy always starts from a preset.
    #[serde(deserialize_with = "non_null")]
    #[cfg_attr(feature = "openapi", schemars(with = "Preset"))]
    preset: Option<Preset>,
    quota: Change<QuotaChange>,
    lifetime: Change<LifetimeChange>,
    extension: Change<Extension>,
    rotation: Change<RotationChange>,
    notices: Change<NoticesChange>,
}

fn non_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Preset>, D::Error> {
    Preset::deserialize(deserializer).map(Some)
}

#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
struct QuotaChange {
    #[cfg_attr(feature = "openapi", schemars(range(min = 0, max = super::MAX_QUOTA)))]
    owner: Change<u32>,
    #[cfg_attr(feature = "openapi", schemars(range(min = 0, max = super::MAX_QUOTA)))]
    normal: Change<u32>,
    #[cfg_attr(feature = "openapi", schemars(range(min = 0, max = super::MAX_QUOTA)))]
    machine: Change<u32>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
struct LifetimeChange {
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = super::MAX_LIFETIME_SECONDS)))]
    min_seconds: Change<i64>,
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = super::MAX_LIFETIME_SECONDS)))]
    max_seconds: Change<i64>,
    allow_never: Change<bool>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
struct RotationChange {
    #[cfg_attr(feature = "openapi", schemars(range(min = 0, max = super::MAX_OVERLAP_SECONDS)))]
    max_overlap_seconds: Change<i64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
struct NoticesChange {
    #[cfg_attr(
        feature = "openapi",
        schemars(length(max = super::MAX_STAGES), inner(range(min = 1, max = super::MAX_DAYS_BEFORE)), extend("uniqueItems" = true))
    )]
    days_before: Change<Vec<u16>>,
    on_expiry: Change<bool>,
    #[serde(rename = "tell")]
    recipients: Change<NoticeRecipientsChange>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
struct NoticeRecipientsChange {
    owners_for_machines: Change<bool>,
    owners: Change<bool>,
    creator: Change<bool>,
    modifier: Change<bool>,
}

impl PolicyChange {
    /// Starts from a preset and changes nothing of it.
    #[must_use]
    pub fn to(preset: Preset) -> Self {
        Self { preset: Some(preset), ..Self::default() }
    }

    fn apply(self, policy: &mut Policy) {
        let unset = Policy::preset(policy.preset);
        let (quota, lifetime, rotation) = (unset.quota, unset.lifetime, unset.rotation);
        self.quota.apply_with(&mut policy.quota, quota, |value, new| new.apply(value, quota));
        self.lifetime.apply_with(&mut policy.lifetime, lifetime, |value, new| new.apply(value, lifetime));
        self.extension.apply(&mut policy.extension, unset.extension);
        self.rotation.apply_with(&mut policy.rotation, rotation, |value, new| new.apply(value, rotation));
        let notices = unset.notices;
        self.notices.apply_with(&mut policy.notices, notices.clone(), |value, new| new.apply(value, notices));
    }
}

impl QuotaChange {
    fn apply(self, quota: &mut Quota, unset: Quota) {
        self.owner.apply(&mut quota.owner, unset.owner);
        self.normal.apply(&mut quota.normal, unset.normal);
        self.machine.apply(&mut quota.machine, unset.machine);
    }
}

impl LifetimeChange {
    fn apply(self, lifetime: &mut Lifetime, unset: Lifetime) {
        self.min_seconds.apply(&mut lifetime.min_seconds, unset.min_seconds);
        self.max_seconds.apply(&mut lifetime.max_seconds, unset.max_seconds);
        self.allow_never.apply(&mut lifetime.allow_never, unset.allow_never);
    }
}

impl RotationChange {
    fn apply(self, rotation: &mut Rotation, unset: Rotation) {
        self.max_overlap_seconds.apply(&mut rotation.max_overlap_seconds, unset.max_overlap_seconds);
    }
}

impl NoticesChange {
    fn apply(self, notices: &mut Notices, unset: Notices) {
        self.days_before.apply(&mut notices.days_before, unset.days_before);
        self.on_expiry.apply(&mut notices.on_expiry, unset.on_expiry);
        let merge = |value: &mut _, new: NoticeRecipientsChange| new.apply(value, unset.recipients);
        self.recipients.apply_with(&mut notices.recipients, unset.recipients, merge);
    }
}

impl NoticeRecipientsChange {
    fn apply(self, recipients: &mut NoticeRecipients, unset: NoticeRecipients) {
        self.owners_for_machines.apply(&mut recipients.owners_for_machines, unset.owners_for_machines);
        self.owners.apply(&mut recipients.owners, unset.owners);
        self.creator.apply(&mut recipients.creator, unset.creator);
        self.modifier.apply(&mut recipients.modifier, unset.modifier);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn changed(policy: Policy, change: &Value) -> Policy {
        policy.changed(&serde_json::from_value(change.clone()).unwrap()).unwrap()
    }

    /// Returns each path of an object, of its objects and of their members, as a change that sets it to `null`.
    fn nulls(value: &Value) -> Vec<Value> {
        let members = value.as_object().into_iter().flatten();
        let of = |(name, value): (&String, &Value)| {
            let inner = nulls(value).into_iter().chain([Value::Null]);
            inner.map(|inner| json!({name.as_str(): inner})).collect::<Vec<_>>()
        };
        members.flat_map(of).collect()
    }

    #[test]
    fn null_resets_each_value_to_that_of_the_preset_and_no_other() {
        for (preset, other) in [(Preset::Strict, Preset::Flexible), (Preset::Flexible, Preset::Strict)] {
            // Every value differs from the preset's.
            let mut odd = Policy { preset, ..Policy::preset(other) };
            odd.quota = Quota { owner: 7, normal: 8, machine: 9 };
            odd.rotation.max_overlap_seconds = 5;
            odd.notices.days_before = vec![9];
            odd.notices.on_expiry = false;
            odd.notices.recipients.owners_for_machines = false;
            let unset = serde_json::to_value(Policy::preset(preset)).unwrap();
            let before = serde_json::to_value(&odd).unwrap();
            let mut changes = nulls(&before);
            changes.retain(|change| change.get("preset").is_none());
            assert_eq!(changes.len(), 5 + 3 + 3 + 1 + 3 + 4);
            for change in changes {
                let pointer = pointer_of(&change);
                let mut expected = before.clone();
                assert_ne!(before.pointer(&pointer), unset.pointer(&pointer), "{change}");
                *expected.pointer_mut(&pointer).unwrap() = unset.pointer(&pointer).unwrap().clone();
                let after = serde_json::to_value(changed(odd.clone(), &change)).unwrap();
                assert_eq!(after, expected, "{change}");
            }
        }
    }

    fn pointer_of(change: &Value) -> String {
        match change.as_object().and_then(|members| members.iter().next()) {
            Some((name, inner)) => format!("/{name}{}", pointer_of(inner)),
            None => String::new(),
        }
    }

    #[test]
    fn a_reset_beside_a_preset_goes_to_the_new_preset() {
        let change = json!({"preset": "flexible", "quota": {"owner": null, "normal": 3}, "lifetime": null});
        let policy = changed(Policy::preset(Preset::Strict), &change);
        assert_eq!((policy.quota.owner, policy.quota.normal, policy.lifetime.allow_never), (50, 3, true));
    }

    /// Makes a change that sets every value of a policy to `null`, except the preset: each by itself, or each object whole.
    fn reset(policy: &Value, whole: bool) -> Value {
        let members = policy.as_object().unwrap().iter().filter(|(name, _)| *name != "preset");
        let null =
            |value: &Value| if value.is_object() && !whole { reset(value, whole) } else { Value::Null };
        members.map(|(name, value)| (name.clone(), null(value))).collect::<serde_json::Map<_, _>>().into()
    }

    #[test]
    fn fuzzed_changes_set_what_they_name_once_and_null_takes_them_back() {
        fuzz::documents("policy").play(|text| {
            let Ok(change) = serde_json::from_str::<PolicyChange>(text) else { return false };
            let mut taken = false;
            for preset in [Preset::Strict, Preset::Flexible] {
                let Ok(policy) = Policy::preset(preset).changed(&change) else { continue };
                taken = true;
                assert_eq!(policy.clone().changed(&change).unwrap(), policy, "twice is once");
                let whole = serde_json::to_value(&policy).unwrap();
                for other in [Preset::Strict, Preset::Flexible] {
                    assert_eq!(changed(Policy::preset(other), &whole), policy, "a policy reads back");
                }
                for reset in [reset(&whole, true), reset(&whole, false)] {
                    assert_eq!(changed(policy.clone(), &reset), Policy::preset(policy.preset), "{reset}");
                }
            }
            taken
        });
    }

    #[test]
    fn a_preset_is_never_null() {
        assert!(serde_json::from_value::<PolicyChange>(json!({"preset": null})).is_err());
    }
}
