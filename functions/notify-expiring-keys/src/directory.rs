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

/// Those that are read together: what a failure keeps from being read is at most so many.
const TOGETHER: usize = 100;

/// What is known of something that a key or a mail names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known<T> {
    There(T),
    Gone,
    /// It may be there and could not be read: what depends on it is for a later run.
    Unread,
}

/// Organizations and users as this run read them.
///
/// What was damaged is remembered, so that it is logged once; what a failure kept from being read is
/// not, so that it is asked for again.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    organizations: HashMap<OrganizationId, Known<Organization>>,
    users: HashMap<UserId, Known<User>>,
}

impl Directory {
    /// Returns what is known of an organization.
    pub(crate) fn organization(&self, organization_id: OrganizationId) -> Known<&Organization> {
        known(self.organizations.get(&organization_id))
    }

    /// Returns what is known of a user.
    pub(crate) fn user(&self, user_id: UserId) -> Known<&User> {
        known(self.users.get(&user_id))
    }

    /// Adds a user that was read elsewhere.
    pub(crate) fn add_user(&mut self, user: User) {
        self.users.insert(user.user_id, Known::There(user));
    }

    /// Reads those of the organizations that are not known yet.
    pub(crate) async fn read_organizations(
        &mut self,
        table: &Table,
        organization_ids: impl Iterator<Item = OrganizationId>,
    ) {
        for ids in missing(&self.organizations, organization_ids).chunks(TOGETHER) {
            remember(&mut self.organizations, "organization", ids, table.organizations_by_id(ids).await);
        }
    }

    /// Reads those of the users that are not known yet.
    pub(crate) async fn read_users(&mut self, table: &Table, user_ids: impl Iterator<Item = UserId>) {
        for ids in missing(&self.users, user_ids).chunks(TOGETHER) {
            remember(&mut self.users, "user", ids, table.users_by_id(ids).await);
        }
    }
}

fn known<T>(held: Option<&Known<T>>) -> Known<&T> {
    match held {
        Some(Known::There(found)) => Known::There(found),
        Some(Known::Gone) => Known::Gone,
        Some(Known::Unread) | None => Known::Unread,
    }
}

fn missing<I: Copy + Eq + Hash, T>(held: &HashMap<I, Known<T>>, ids: impl Iterator<Item = I>) -> Vec<I> {
    let missing: HashSet<_> = ids.filter(|id| !held.contains_key(id)).collect();
    missing.into_iter().collect()
}

fn remember<I: Copy + Display + Eq + Hash, T>(
    held: &mut HashMap<I, Known<T>>,
    what: &'static str,
    ids: &[I],
    read: Result<HashMap<I, Result<T, Error>>, Error>,
) {
    let mut read = match read {
        Ok(read) => read,
        Err(error) => {
            let count = ids.len();
            return tracing::error!(
                item.kind = what,
                failure.count = count,
                error.causes = causes(&error),
                "could not read whom keys concern"
            );
        }
    };
    for id in ids {
        let known = match read.remove(id) {
            Some(Ok(found)) => Known::There(found),
            Some(Err(error)) => {
                tracing::error!(item.kind = what, item.id = %id, error.causes = causes(&error), "an item is damaged");
                Known::Unread
            }
            None => Known::Gone,
        };
        held.insert(*id, known);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_never_taken_for_what_is_gone() {
        let mut held: HashMap<u8, Known<&str>> = HashMap::new();
        let read = HashMap::from([(1, Ok("ann")), (2, Err(Error::Conflict))]);
        remember(&mut held, "user", &[1, 2, 3], Ok(read));
        remember(&mut held, "user", &[4], Err(Error::Conflict));
        let known = [1, 2, 3, 4].map(|id| known(held.get(&id)));
        assert_eq!(known, [Known::There(&"ann"), Known::Unread, Known::Gone, Known::Unread]);
        assert_eq!(missing(&held, [1, 2, 3, 4].into_iter()), [4]);
    }
}
