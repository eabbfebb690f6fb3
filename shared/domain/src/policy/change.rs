//! Changes of a policy, as a request states them.

use serde::Deserialize;

use super::{Extension, Policy, Preset};
use crate::Error;

impl Policy {
    /// Applies the values of `change`. A named preset first replaces all values.
    pub fn changed(self, change: &PolicyChange) -> Result<Self, Error> {
        let mut policy = change.preset.map_or(self, Self::preset);
        change.apply(&mut policy);
        policy.notices.days_before.sort_unstable_by(|a, b| b.cmp(a));
        policy.check().map(|()| policy)
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
    #[serde(default, rename = "tell")]
    recipients: NoticeRecipientsChange,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct NoticeRecipientsChange {
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
        set(
            &mut policy.notices.recipients.owners_for_machines,
            self.notices.recipients.owners_for_machines.as_ref(),
        );
        set(&mut policy.notices.recipients.owners, self.notices.recipients.owners.as_ref());
        set(&mut policy.notices.recipients.creator, self.notices.recipients.creator.as_ref());
        set(&mut policy.notices.recipients.modifier, self.notices.recipients.modifier.as_ref());
    }
}
