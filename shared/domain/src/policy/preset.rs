//! The two policies that organizations start from.

use serde::{Deserialize, Serialize};

use super::{Extension, Lifetime, NoticeRecipients, Notices, Policy, Quota, Rotation};
use crate::time::DAY;

/// A set of rules to start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// Small quotas, expiry always, an expired key needs a new one.
    #[default]
    Strict,
    /// Large quotas for owners, keys that may never expire, extension at any time.
    Flexible,
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
                recipients: NoticeRecipients {
                    owners_for_machines: true,
                    owners: flexible,
                    creator: flexible,
                    modifier: flexible,
                },
            },
        }
    }
}
