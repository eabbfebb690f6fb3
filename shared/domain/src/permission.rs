//! Permission strings such as `clusters:create`, `clusters:*` and `*`.

use std::fmt;

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

    /// Tells whether whoever holds this permission also holds `wanted`.
    #[must_use]
    pub fn covers(&self, wanted: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(prefix) => wanted.len() > prefix.len() && wanted.starts_with(prefix) || self.0 == wanted,
            None => self.0 == wanted,
        }
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

#[cfg(test)]
mod tests {
    use super::*;

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
