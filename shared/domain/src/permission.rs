//! Permission strings such as `clusters:create`, `clusters:*` and `*`.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

use crate::joined::{Joined, Word};

/// A permission, or with a last segment of `*`, every permission below it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(extend("pattern" = r"^(\*|([a-z0-9_-]+:)*([a-z0-9_-]+|\*))$", "maxLength" = 128)))]
#[serde(into = "String", try_from = "String")]
pub struct Permission(String);

/// The text is not a permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be segments of a-z, 0-9, - or _ joined by `:`, 128 characters at most; `*` only alone or as the last one"
)]
pub struct BadPermission;

impl Permission {
    /// Returns the permission that covers all others.
    #[must_use]
    pub fn all() -> Self {
        Self("*".to_owned())
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Tells whether a holder of this permission also holds `wanted`.
    #[must_use]
    pub fn covers(&self, wanted: &str) -> bool {
        covers(&self.0, wanted)
    }

    /// Lists the texts of all permissions that cover this one, the widest first.
    pub fn covering(&self) -> impl Iterator<Item = String> {
        let above = self.0.match_indices(':').map(|(end, _)| format!("{}:*", &self.0[..end]));
        let all: BTreeSet<_> = above.chain(["*".to_owned(), self.0.clone()]).collect();
        all.into_iter()
    }
}

impl Joined<Permission> {
    /// Tells whether any of these permissions covers `wanted`.
    #[must_use]
    pub fn cover(&self, wanted: &Permission) -> bool {
        self.words().any(|held| covers(held, wanted.as_str()))
    }
}

fn covers(held: &str, wanted: &str) -> bool {
    match held.strip_suffix('*') {
        Some(prefix) => wanted.len() > prefix.len() && wanted.starts_with(prefix) || held == wanted,
        None => held == wanted,
    }
}

impl Word for Permission {
    type Error = BadPermission;

    fn check(text: &str) -> Result<(), BadPermission> {
        let body = text.strip_suffix(":*").unwrap_or(text).as_bytes();
        let allowed = |c: &u8| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, b'-' | b'_');
        // One pass: no character but these, and neither a first, a last nor two colons together.
        let mut after_colon = true;
        let mut valid = text.len() <= 128;
        for c in body {
            valid &= if *c == b':' { !after_colon } else { allowed(c) };
            after_colon = *c == b':';
        }
        if text == "*" || valid && !after_colon { Ok(()) } else { Err(BadPermission) }
    }
}

impl TryFrom<String> for Permission {
    type Error = BadPermission;

    fn try_from(text: String) -> Result<Self, BadPermission> {
        Self::check(&text)?;
        Ok(Self(text))
    }
}

impl From<Permission> for String {
    fn from(permission: Permission) -> Self {
        permission.0
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Tells whether any of `held` covers `wanted`.
#[must_use]
pub fn covered(held: &[Permission], wanted: &str) -> bool {
    held.iter().any(|permission| permission.covers(wanted))
}

/// Returns the first of `wanted` that `held` does not cover.
#[must_use]
pub fn first_not_covered<'a>(held: &[Permission], wanted: &'a [Permission]) -> Option<&'a Permission> {
    let held = PermissionSet::new(held);
    wanted.iter().find(|permission| !held.covers(permission))
}

/// Permissions in order, none of which covers another.
///
/// In the order of their bytes a wildcard stands right before everything that it covers: `*` is the lowest
/// character of a permission. So making a set costs a sort, and a look-up a binary search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermissionSet<'a>(Vec<&'a Permission>);

impl<'a> PermissionSet<'a> {
    /// Makes the set that covers what any of `permissions` covers.
    pub fn new(permissions: impl IntoIterator<Item = &'a Permission>) -> Self {
        let mut all: Vec<_> = permissions.into_iter().collect();
        // Stable: it makes use of parts that are in order already, as those of each role are.
        all.sort();
        // What a permission covers follows it at once, so the last one that was kept is the only one to ask.
        all.dedup_by(|next, kept| kept.covers(next.as_str()));
        Self(all)
    }

    /// Tells whether a permission of the set covers `wanted`.
    #[must_use]
    pub fn covers(&self, wanted: &Permission) -> bool {
        let after = self.0.partition_point(|held| *held <= wanted);
        after.checked_sub(1).is_some_and(|place| self.0[place].covers(wanted.as_str()))
    }

    /// Returns the set that covers what both cover.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let within = |one: &Self, other: &Self| {
            one.0.iter().copied().filter(|one| other.covers(one)).collect::<Vec<_>>()
        };
        Self::new(within(self, other).into_iter().chain(within(other, self)))
    }

    /// Copies the permissions of the set, in order.
    #[must_use]
    pub fn to_vec(&self) -> Vec<Permission> {
        self.0.iter().map(|&permission| permission.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_permission() -> impl Strategy<Value = Permission> {
        prop_oneof![
            1 => Just("*".to_owned()),
            20 => "[a0_-]{1,2}(:[a0_-]{1,2}){0,2}(:\\*)?",
        ]
        .prop_map(|text| text.try_into().unwrap())
    }

    fn some() -> impl Strategy<Value = Vec<Permission>> {
        prop::collection::vec(any_permission(), 0..12)
    }

    /// What a set holds, by comparing each permission with each: the definition.
    fn defined(all: &[Permission]) -> Vec<Permission> {
        let all = BTreeSet::from_iter(all);
        let redundant =
            |one: &Permission| all.iter().any(|other| *other != one && other.covers(one.as_str()));
        all.iter().filter(|one| !redundant(one)).map(|&one| one.clone()).collect()
    }

    fn defined_intersection(first: &[Permission], second: &[Permission]) -> Vec<Permission> {
        let both = |(one, other): (&Permission, &Permission)| {
            if one.covers(other.as_str()) {
                Some(other.clone())
            } else {
                other.covers(one.as_str()).then(|| one.clone())
            }
        };
        let pairs = first.iter().flat_map(|one| second.iter().map(move |other| (one, other)));
        defined(&pairs.filter_map(both).collect::<Vec<_>>())
    }

    proptest! {
        #[test]
        fn sets_are_those_of_the_quadratic_definition(first in some(), second in some(), wanted in any_permission()) {
            let (one, other) = (PermissionSet::new(&first), PermissionSet::new(&second));
            prop_assert_eq!(one.to_vec(), defined(&first));
            prop_assert_eq!(one.covers(&wanted), covered(&first, wanted.as_str()));
            prop_assert_eq!(one.intersection(&other).to_vec(), defined_intersection(&first, &second));
            let missing = second.iter().find(|wanted| !covered(&first, wanted.as_str()));
            prop_assert_eq!(first_not_covered(&first, &second), missing);
        }

        #[test]
        fn an_intersection_covers_what_both_cover(first in some(), second in some(), wanted in any_permission()) {
            let both = covered(&first, wanted.as_str()) && covered(&second, wanted.as_str());
            let intersection = PermissionSet::new(&first).intersection(&PermissionSet::new(&second));
            prop_assert_eq!(intersection.covers(&wanted), both);
        }

        #[test]
        fn all_that_covers_a_permission_is_listed(one in any_permission(), other in any_permission()) {
            prop_assert_eq!(one.covering().any(|text| text == other.as_str()), other.covers(one.as_str()));
        }
    }

    fn permission(text: &str) -> Permission {
        text.to_owned().try_into().unwrap()
    }

    #[test]
    fn a_wildcard_covers_what_is_below_it() {
        for (held, wanted, covers) in [
            ("*", "clusters:create", true),
            ("*", "*", true),
            ("clusters:*", "clusters:create", true),
            ("clusters:*", "clusters:create:small", true),
            ("clusters:*", "clusters:*", true),
            ("clusters:*", "clusters", false),
            ("clusters:*", "clusters:", false),
            ("clusters:*", "clustersx:create", false),
            ("clusters:create", "clusters:create", true),
            ("clusters:create", "clusters:*", false),
            ("clusters:create", "clusters:create:small", false),
        ] {
            assert_eq!(permission(held).covers(wanted), covers, "{held} {wanted}");
        }
    }

    #[test]
    fn a_wildcard_stands_alone_or_last() {
        for text in ["*", "a", "a:b", "a:*", "a-b_c:d9:*"] {
            assert!(Permission::try_from(text.to_owned()).is_ok(), "{text}");
        }
        assert!(Permission::try_from("a".repeat(128)).is_ok());
        assert!(Permission::try_from("a".repeat(129)).is_err());
        for text in ["", ":", "a:", ":a", "a*", "*:a", "a:*:b", "A", "a b", "a::b", "**"] {
            assert!(Permission::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
