//! What one policy allows beside another.

use super::{Lifetime, Policy, Quota, Rotation};

impl Policy {
    /// Tells whether it allows something of keys that `other` does not. Notices allow nothing.
    #[must_use]
    pub fn allows_beyond(&self, other: &Self) -> bool {
        let (quota, others) = (self.quota, other.quota);
        quota.owner > others.owner
            || quota.normal > others.normal
            || quota.machine > others.machine
            || self.lifetime.min_seconds < other.lifetime.min_seconds
            || self.lifetime.max_seconds > other.lifetime.max_seconds
            || self.lifetime.allow_never && !other.lifetime.allow_never
            || self.extension > other.extension
            || self.rotation.max_overlap_seconds > other.rotation.max_overlap_seconds
    }

    /// Returns the policy that allows what both allow. Preset and notices stay.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let (quota, others) = (self.quota, other.quota);
        let max_seconds = self.lifetime.max_seconds.min(other.lifetime.max_seconds);
        Self {
            preset: self.preset,
            quota: Quota {
                owner: quota.owner.min(others.owner),
                normal: quota.normal.min(others.normal),
                machine: quota.machine.min(others.machine),
            },
            lifetime: Lifetime {
                // Where no lifetime suits both, the longest one that remains.
                min_seconds: self.lifetime.min_seconds.max(other.lifetime.min_seconds).min(max_seconds),
                max_seconds,
                allow_never: self.lifetime.allow_never && other.lifetime.allow_never,
            },
            extension: self.extension.min(other.extension),
            rotation: Rotation {
                max_overlap_seconds: self
                    .rotation
                    .max_overlap_seconds
                    .min(other.rotation.max_overlap_seconds),
            },
            notices: self.notices.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Preset, *};

    fn changed(json: &str) -> Policy {
        Policy::preset(Preset::Strict).changed(&serde_json::from_str(json).unwrap()).unwrap()
    }

    #[test]
    fn an_intersection_allows_no_more_than_either_policy() {
        let (strict, flexible) = (Policy::preset(Preset::Strict), Policy::preset(Preset::Flexible));
        let wide = changed(r#"{"quota": {"machine": 100}, "rotation": {"max_overlap_seconds": 31536000}}"#);
        for (one, other) in [(&strict, &flexible), (&flexible, &wide), (&wide, &flexible)] {
            let both = one.intersection(other);
            assert!(!both.allows_beyond(one) && !both.allows_beyond(other), "{both:?}");
            both.check().unwrap();
            assert_eq!((both.preset, &both.notices), (one.preset, &one.notices));
        }
        assert_eq!(strict.intersection(&strict), strict);
        let long = changed(r#"{"lifetime": {"min_seconds": 50, "max_seconds": 50}}"#);
        let short = changed(r#"{"lifetime": {"min_seconds": 10, "max_seconds": 10}}"#);
        assert_eq!(long.intersection(&short).lifetime.max_seconds, 10);
        long.intersection(&short).check().unwrap();
    }
}
