//! Roles and groups: named sets of permissions, and named sets of roles.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{Deserialize, Serialize};

use crate::{
    Time,
    joined::{self, Word},
    permission::Permission,
    text::Description,
};

/// The name of a role or group in its organization: 1–64 of `a-z`, `0-9` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(extend("pattern" = "^[a-z0-9-]{1,64}$")))]
#[serde(into = "String", try_from = "String")]
pub struct Label(String);

/// The text is no label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 64 of a-z, 0-9 and -")]
pub struct BadLabel;

impl Label {
    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Word for Label {
    type Error = BadLabel;

    fn check(text: &str) -> Result<(), BadLabel> {
        let allowed = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
        // Every byte is looked at, so that several are at once.
        let valid = (1..=64).contains(&text.len()) & text.bytes().fold(true, |valid, c| valid & allowed(c));
        if valid { Ok(()) } else { Err(BadLabel) }
    }
}

impl TryFrom<String> for Label {
    type Error = BadLabel;

    fn try_from(text: String) -> Result<Self, BadLabel> {
        Self::check(&text)?;
        Ok(Self(text))
    }
}

impl From<Label> for String {
    fn from(label: Label) -> Self {
        label.0
    }
}

impl fmt::Display for Label {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A set of permissions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// Its name.
    pub name: Label,
    /// Its permissions.
    #[serde(with = "joined")]
    pub permissions: Vec<Permission>,
    /// A free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
    /// When it was last set.
    pub updated_at: Time,
    /// The version of the organization's roles and groups that it was set in. No later role has it.
    pub version: u64,
}

/// A set of roles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Its name.
    pub name: Label,
    /// Its roles.
    #[serde(with = "joined")]
    pub roles: Vec<Label>,
    /// A free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
    /// When it was last set.
    pub updated_at: Time,
    /// The version of the organization's roles and groups that it was set in. No later group has it.
    pub version: u64,
}

/// The roles and groups of an organization. A name that is not in it grants nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalog {
    /// Roles by name.
    pub roles: BTreeMap<Label, Role>,
    /// Groups by name.
    pub groups: BTreeMap<Label, Group>,
}

impl Catalog {
    /// Returns the greatest version of its roles and groups; 0 if it has none.
    #[must_use]
    pub fn greatest_version(&self) -> u64 {
        let roles = self.roles.values().map(|role| role.version);
        roles.chain(self.groups.values().map(|group| group.version)).max().unwrap_or_default()
    }
}

/// Sorts and deduplicates names.
#[must_use]
pub fn distinct(names: Vec<Label>) -> Vec<Label> {
    BTreeSet::from_iter(names).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_stored_as_one_text_and_read_from_a_list_too() {
        let group = |roles: serde_json::Value| serde_json::json!({"name": "a", "roles": roles, "updated_at": 0, "version": 1});
        for roles in [vec![], vec!["b"], vec!["b", "c-1"]] {
            let (joined, list) = (group(roles.join(" ").into()), group(roles.clone().into()));
            let read: Group = serde_json::from_value(list).unwrap();
            assert_eq!(read.roles.iter().map(Label::as_str).collect::<Vec<_>>(), roles);
            assert_eq!(serde_json::from_value::<Group>(joined.clone()).unwrap(), read);
            assert_eq!(serde_json::to_value(&read).unwrap(), joined);
        }
        assert!(serde_json::from_value::<Group>(group("b C".into())).is_err());
    }

    #[test]
    fn labels_are_short_and_plain() {
        for text in ["a", "read-only-2", &"a".repeat(64)] {
            assert!(Label::try_from(text.to_owned()).is_ok(), "{text}");
        }
        for text in ["", "A", "a_b", "a b", "é", &"a".repeat(65)] {
            assert!(Label::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
