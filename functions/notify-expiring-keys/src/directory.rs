use std::collections::{HashMap, HashSet};

use domain::{
    id::{OrganizationId, UserId},
    organization::Organization,
    user::User,
};
use table::{Error, Table};

use crate::failure::causes;

/// Organizations and users as this run read them, each once; `None` for those that are gone.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    organizations: HashMap<OrganizationId, Option<Organization>>,
    users: HashMap<UserId, Option<User>>,
}

impl Directory {
    /// Returns an organization that was read and is there.
    pub(crate) fn organization(&self, organization_id: OrganizationId) -> Option<&Organization> {
        self.organizations.get(&organization_id)?.as_ref()
    }

    /// Returns a user that was read and is there.
    pub(crate) fn user(&self, user_id: UserId) -> Option<&User> {
        self.users.get(&user_id)?.as_ref()
    }

    /// Adds a user that was read elsewhere.
    pub(crate) fn add_user(&mut self, user: User) {
        self.users.insert(user.user_id, Some(user));
    }

    /// Reads those of the organizations that were not read yet.
    pub(crate) async fn read_organizations(
        &mut self,
        table: &Table,
        organization_ids: impl Iterator<Item = OrganizationId>,
    ) -> Result<(), Error> {
        let missing: HashSet<_> =
            organization_ids.filter(|id| !self.organizations.contains_key(id)).collect();
        let missing: Vec<_> = missing.into_iter().collect();
        let read = table.organizations_by_id(&missing).await?;
        self.organizations.extend(missing.into_iter().map(|id| (id, None)));
        let read = read.into_iter().filter_map(readable);
        self.organizations.extend(read.map(|found| (found.organization_id, Some(found))));
        Ok(())
    }

    /// Reads those of the users that were not read yet.
    pub(crate) async fn read_users(
        &mut self,
        table: &Table,
        user_ids: impl Iterator<Item = UserId>,
    ) -> Result<(), Error> {
        let missing: HashSet<_> = user_ids.filter(|id| !self.users.contains_key(id)).collect();
        let missing: Vec<_> = missing.into_iter().collect();
        let read = table.users_by_id(&missing).await?;
        self.users.extend(missing.into_iter().map(|id| (id, None)));
        let read = read.into_iter().filter_map(readable);
        self.users.extend(read.map(|found| (found.user_id, Some(found))));
        Ok(())
    }
}

/// Takes an item that cannot be read for one that is gone, so that the others are told.
pub(crate) fn readable<T>(read: Result<T, Error>) -> Option<T> {
    read.inspect_err(|error| tracing::error!(error.causes = causes(error), "passed over a damaged item")).ok()
}
