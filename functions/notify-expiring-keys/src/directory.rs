//! The organizations and users that a run has read.

use std::{
    collections::{HashMap, HashSet},
    fmt::Display,
    hash::Hash,
};

use api::causes;
use domain::{
    id::{OrganizationId, UserId},
    organization::Organization,
    user::User,
};
use table::{Error, Table};

/// The number of items that are read together, which is also the most that one failure affects.
const BATCH_SIZE: usize = 100;

/// The result of looking up an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lookup<T> {
    Found(T),
    Missing,
    /// The item may exist, but could not be read. A later run does the work that needs it.
    Unavailable,
}

/// The organizations and users that a run has read, each at most once.
///
/// A damaged item is remembered, so that it is logged once. An item that a failure affected is not
/// remembered, so that it is read again.
#[derive(Debug)]
pub(crate) struct Directory<'a> {
    table: &'a Table,
    organizations: HashMap<OrganizationId, Lookup<Organization>>,
    users: HashMap<UserId, Lookup<User>>,
}

impl<'a> Directory<'a> {
    /// Returns an empty directory.
    pub(crate) fn new(table: &'a Table) -> Self {
        Self { table, organizations: HashMap::new(), users: HashMap::new() }
    }

    /// Looks up an organization.
    pub(crate) fn organization(&self, organization_id: OrganizationId) -> Lookup<&Organization> {
        look_up(self.organizations.get(&organization_id))
    }

    /// Looks up a user.
    pub(crate) fn user(&self, user_id: UserId) -> Lookup<&User> {
        look_up(self.users.get(&user_id))
    }

    /// Adds a user that was read elsewhere.
    pub(crate) fn add_user(&mut self, user: User) {
        self.users.insert(user.user_id, Lookup::Found(user));
    }

    /// Reads the organizations that are not in the directory yet.
    pub(crate) async fn load_organizations(&mut self, ids: impl Iterator<Item = OrganizationId>) {
        for ids in absent(&self.organizations, ids).chunks(BATCH_SIZE) {
            let read = self.table.organizations_by_id(ids).await;
            remember(&mut self.organizations, "organization", ids, read);
        }
    }

    /// Reads the users that are not in the directory yet.
    pub(crate) async fn load_users(&mut self, ids: impl Iterator<Item = UserId>) {
        for ids in absent(&self.users, ids).chunks(BATCH_SIZE) {
            remember(&mut self.users, "user", ids, self.table.users_by_id(ids).await);
        }
    }
}

fn look_up<T>(remembered: Option<&Lookup<T>>) -> Lookup<&T> {
    match remembered {
        Some(Lookup::Found(item)) => Lookup::Found(item),
        Some(Lookup::Missing) => Lookup::Missing,
        Some(Lookup::Unavailable) | None => Lookup::Unavailable,
    }
}

fn absent<I: Copy + Eq + Hash, T>(
    remembered: &HashMap<I, Lookup<T>>,
    ids: impl Iterator<Item = I>,
) -> Vec<I> {
    let absent: HashSet<_> = ids.filter(|id| !remembered.contains_key(id)).collect();
    absent.into_iter().collect()
}

fn remember<I: Copy + Display + Eq + Hash, T>(
    remembered: &mut HashMap<I, Lookup<T>>,
    kind: &'static str,
    ids: &[I],
    read: Result<HashMap<I, Result<T, Error>>, Error>,
) {
    let mut read = match read {
        Ok(read) => read,
        Err(error) => {
            let count = ids.len();
            return tracing::error!(
                item.kind = kind,
                failure.count = count,
                error.causes = causes(&error),
                "could not read the organizations or users of notices"
            );
        }
    };
    for id in ids {
        let lookup = match read.remove(id) {
            Some(Ok(item)) => Lookup::Found(item),
            Some(Err(error)) => {
                tracing::error!(item.kind = kind, item.id = %id, error.causes = causes(&error), "an item is damaged");
                Lookup::Unavailable
            }
            None => Lookup::Missing,
        };
        remembered.insert(*id, lookup);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_that_cannot_be_read_is_never_missing() {
        let mut remembered: HashMap<u8, Lookup<&str>> = HashMap::new();
        let read = HashMap::from([(1, Ok("ann")), (2, Err(Error::Conflict))]);
        remember(&mut remembered, "user", &[1, 2, 3], Ok(read));
        remember(&mut remembered, "user", &[4], Err(Error::Conflict));
        let lookups = [1, 2, 3, 4].map(|id| look_up(remembered.get(&id)));
        assert_eq!(
            lookups,
            [Lookup::Found(&"ann"), Lookup::Unavailable, Lookup::Missing, Lookup::Unavailable]
        );
        assert_eq!(absent(&remembered, [1, 2, 3, 4].into_iter()), [4]);
    }
}
