//! The roles and groups of an organization as decisions read them: in two texts.
//!
//! A decision reads two texts many times faster than 200 roles and groups. A group names its roles by their positions,
//! because the names of 20 roles take more bytes than all that a role permits.

use std::{collections::HashMap, iter};

use serde::{Deserialize, Serialize};

use crate::{
    joined::words,
    role::{Catalog, Label},
};

/// What the roles and groups of an organization grant.
///
/// Entries are separated by `,` and the words of an entry by a space. No name and no permission contains either.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionCatalog {
    /// The roles in the order of their names. The words of one are its name and its permissions.
    permissions_of_roles: String,
    /// The groups in the order of their names. The words of one are its name and the positions of its roles among
    /// `permissions_of_roles`, from 0.
    roles_of_groups: String,
}

impl DecisionCatalog {
    /// Writes a catalog. Roles that groups name and that do not exist are left out, for they grant nothing.
    #[must_use]
    pub fn of(catalog: &Catalog) -> Self {
        let positions: HashMap<&Label, usize> = catalog.roles.keys().zip(0..).collect();
        let roles = catalog.roles.iter().map(|(name, role)| {
            let permissions = role.permissions.iter().map(ToString::to_string);
            entry(name, permissions)
        });
        let groups = catalog.groups.iter().map(|(name, group)| {
            let known = group.roles.iter().filter_map(|role| positions.get(role));
            entry(name, known.map(ToString::to_string))
        });
        Self {
            permissions_of_roles: roles.collect::<Vec<_>>().join(","),
            roles_of_groups: groups.collect::<Vec<_>>().join(","),
        }
    }

    /// Counts the permissions, each in every role that has it.
    #[must_use]
    pub fn count_permissions(&self) -> usize {
        self.permissions_of_roles.bytes().filter(|byte| *byte == b' ').count()
    }

    /// Returns the name of each role and its permissions, unchecked, as they are stored.
    pub fn roles(&self) -> impl Iterator<Item = (&str, impl Iterator<Item = &str>)> {
        entries(&self.permissions_of_roles)
    }

    /// Returns the name of each group and the positions of its roles, unchecked, as they are stored.
    pub fn groups(&self) -> impl Iterator<Item = (&str, impl Iterator<Item = &str>)> {
        entries(&self.roles_of_groups)
    }
}

fn entry(name: &Label, words: impl Iterator<Item = String>) -> String {
    iter::once(name.to_string()).chain(words).collect::<Vec<_>>().join(" ")
}

fn entries(text: &str) -> impl Iterator<Item = (&str, impl Iterator<Item = &str>)> {
    text.split(',').filter(|_| !text.is_empty()).map(|entry| {
        let mut words = words(entry);
        (words.next().unwrap_or_default(), words)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Time,
        role::{Group, Role},
    };

    fn catalog(roles: &[(&str, &[&str])], groups: &[(&str, &[&str])]) -> Catalog {
        let (description, updated_at, version) = (None, Time::from_seconds(0), 1);
        let label = |text: &str| Label::try_from(text.to_owned()).unwrap();
        let role = |(name, permissions): &(&str, &[&str])| {
            let permissions = permissions.iter().map(|text| (*text).to_owned().try_into().unwrap()).collect();
            let name = label(name);
            (name.clone(), Role { name, permissions, description: description.clone(), updated_at, version })
        };
        let group = |(name, roles): &(&str, &[&str])| {
            let (name, roles) = (label(name), roles.iter().map(|text| label(text)).collect());
            (name.clone(), Group { name, roles, description: description.clone(), updated_at, version })
        };
        Catalog { roles: roles.iter().map(role).collect(), groups: groups.iter().map(group).collect() }
    }

    #[test]
    fn a_catalog_is_two_texts_without_the_roles_that_do_not_exist() {
        let written = DecisionCatalog::of(&catalog(
            &[("b", &["x:*", "y"]), ("a", &["*"]), ("none", &[])],
            &[("g", &["a", "deleted", "none"]), ("empty", &[])],
        ));
        assert_eq!(written.permissions_of_roles, "a *,b x:* y,none");
        assert_eq!(written.roles_of_groups, "empty,g 0 2");
        let roles: Vec<_> = written.roles().map(|(name, words)| (name, words.collect::<Vec<_>>())).collect();
        assert_eq!(roles, [("a", vec!["*"]), ("b", vec!["x:*", "y"]), ("none", vec![])]);
        assert_eq!(written.count_permissions(), 3);
        let groups: Vec<_> =
            written.groups().map(|(name, words)| (name, words.collect::<Vec<_>>())).collect();
        assert_eq!(groups, [("empty", vec![]), ("g", vec!["0", "2"])]);
        let empty = DecisionCatalog::of(&Catalog::default());
        assert_eq!((empty.roles().count(), empty.groups().count(), empty.count_permissions()), (0, 0, 0));
    }
}
