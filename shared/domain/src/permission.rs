//! Permission strings such as `clusters:create`, `clusters:*` and `*`.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

/// A permission, or with a last segment of `*`, every permission below it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
        match self.0.strip_suffix('*') {
            Some(prefix) => wanted.len() > prefix.len() && wanted.starts_with(prefix) || self.0 == wanted,
            None => self.0 == wanted,
        }
    }
}

impl Permission {
    /// Returns the permission that both cover, if any.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        if self.covers(&other.0) { Some(other.clone()) } else { other.covers(&self.0).then(|| self.clone()) }
    }
}

impl TryFrom<String> for Permission {
    type Error = BadPermission;

    fn try_from(text: String) -> Result<Self, BadPermission> {
        let segment = |text: &str| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, b'-' | b'_'))
        };
        let valid = text == "*"
            || text.len() <= 128 && {
                let body = text.strip_suffix(":*").unwrap_or(&text);
                body.split(':').all(segment)
            };
        if valid { Ok(Self(text)) } else { Err(BadPermission) }
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

/// Returns the permissions that both sets cover, sorted and without redundant ones.
#[must_use]
pub fn intersection(first: &[Permission], second: &[Permission]) -> Vec<Permission> {
    without_redundant(first.iter().flat_map(|one| second.iter().filter_map(|other| one.intersection(other))))
}

/// Sorts permissions and removes those that another one covers.
#[must_use]
pub fn without_redundant(permissions: impl IntoIterator<Item = Permission>) -> Vec<Permission> {
    let all: BTreeSet<Permission> = permissions.into_iter().collect();
    let covered_by_another =
        |one: &Permission| all.iter().any(|other| other != one && other.covers(one.as_str()));
    all.iter().filter(|one| !covered_by_another(one)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_permission() -> impl Strategy<Value = Permission> {
        "(\\*|[ab](:[ab]){0,2}(:\\*)?)".prop_map(|text| text.try_into().unwrap())
    }

    proptest! {
        #[test]
        fn an_intersection_covers_what_both_cover(
            first in prop::collection::vec(any_permission(), 0..4),
            second in prop::collection::vec(any_permission(), 0..4),
            wanted in "[ab](:[ab]){0,3}",
        ) {
            let both = covered(&first, &wanted) && covered(&second, &wanted);
            prop_assert_eq!(covered(&intersection(&first, &second), &wanted), both);
            prop_assert_eq!(covered(&without_redundant(first.clone()), &wanted), covered(&first, &wanted));
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
        for text in ["", ":", "a:", ":a", "a*", "*:a", "a:*:b", "A", "a b", "a::b", "**"] {
            assert!(Permission::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
