//! Roles and groups, and the one item that every change of them goes through.

use domain::{
    audit,
    decision_catalog::DecisionCatalog,
    id::OrganizationId,
    limits::Usage,
    role::{Catalog, Group, Label, Role},
};
use serde::{Deserialize, Serialize};

use crate::{
    Error, OnConditionFailed, Table, Transaction,
    expression::Expression,
    item::encode,
    item_key::{self, ItemKey},
};

/// A change of an organization's roles and groups, decided on one state of all of them.
#[derive(Debug, Clone)]
pub struct CatalogChange {
    /// The version of the catalog, read before its roles and groups were; 0 if no change was made yet.
    pub seen: u64,
    /// The version of the role or group to be changed, as it was read; 0 if there was none.
    pub replaces: u64,
    /// The version after the change, greater than every one before. A role or group that is set has it too.
    pub version: u64,
    /// What the change leaves.
    pub usage: Usage,
    /// The same as decisions read it.
    pub decisions: DecisionCatalog,
}

impl CatalogChange {
    /// Makes the change from one state of all roles and groups to the next: of the one of version `replaces`, as the
    /// catalog's version `seen` has it.
    #[must_use]
    pub fn between(seen: u64, replaces: u64, before: &Catalog, after: &Catalog) -> Self {
        // Roles and groups that were stored without the catalog's item count too: no version ever comes back.
        let version = seen.max(before.greatest_version()) + 1;
        Self { seen, replaces, version, usage: Usage::of(after), decisions: DecisionCatalog::of(after) }
    }
}

/// What an organization's roles and groups have in common, as it is stored.
#[derive(Debug, Serialize, Deserialize)]
struct StoredCatalog {
    roles: usize,
    groups: usize,
    permission_bytes: usize,
    /// The number of changes of roles and groups, removals included.
    version: u64,
}

impl Table {
    /// Reads the version of an organization's roles and groups, strongly; 0 before their first change.
    pub async fn catalog_version(&self, organization_id: OrganizationId) -> Result<u64, Error> {
        let stored: Option<StoredCatalog> = self.get("catalog", item_key::catalog(organization_id)).await?;
        Ok(stored.map(|catalog| catalog.version).unwrap_or_default())
    }

    /// Sets a role.
    ///
    /// Fails with [`Error::Conflict`] if any role or group changed meanwhile: read them and decide again.
    pub async fn set_role(
        &self,
        role: &Role,
        change: CatalogChange,
        event: &audit::Event,
    ) -> Result<(), Error> {
        self.set(item_key::role(event.organization_id, &role.name), role, change, event).await
    }

    /// Sets a group.
    ///
    /// Fails with [`Error::Conflict`] if any role or group changed meanwhile: read them and decide again.
    pub async fn set_group(
        &self,
        group: &Group,
        change: CatalogChange,
        event: &audit::Event,
    ) -> Result<(), Error> {
        self.set(item_key::group(event.organization_id, &group.name), group, change, event).await
    }

    /// Removes a role. Its users and keys lose its permissions.
    ///
    /// Fails with [`Error::Conflict`] if any role or group changed meanwhile: read them and decide again.
    pub async fn delete_role(
        &self,
        name: &Label,
        change: CatalogChange,
        event: &audit::Event,
    ) -> Result<(), Error> {
        self.remove(item_key::role(event.organization_id, name), change, event).await
    }

    /// Removes a group. Its users and keys lose its permissions.
    ///
    /// Fails with [`Error::Conflict`] if any role or group changed meanwhile: read them and decide again.
    pub async fn delete_group(
        &self,
        name: &Label,
        change: CatalogChange,
        event: &audit::Event,
    ) -> Result<(), Error> {
        self.remove(item_key::group(event.organization_id, name), change, event).await
    }

    /// Reads a role, strongly.
    pub async fn role(&self, organization_id: OrganizationId, name: &Label) -> Result<Option<Role>, Error> {
        self.get("role", item_key::role(organization_id, name)).await
    }

    /// Reads a group, strongly.
    pub async fn group(&self, organization_id: OrganizationId, name: &Label) -> Result<Option<Group>, Error> {
        self.get("group", item_key::group(organization_id, name)).await
    }

    async fn set(
        &self,
        key: ItemKey,
        entity: &impl Serialize,
        change: CatalogChange,
        event: &audit::Event,
    ) -> Result<(), Error> {
        let mut transaction = Transaction::new(self);
        let replaces = change.replaces;
        transaction.change_catalog(event.organization_id, change);
        transaction.put(encode(key, entity), stored_in(replaces), OnConditionFailed::Conflict);
        transaction.record(event);
        transaction.commit().await
    }

    async fn remove(&self, key: ItemKey, change: CatalogChange, event: &audit::Event) -> Result<(), Error> {
        let mut transaction = Transaction::new(self);
        let replaces = change.replaces;
        transaction.change_catalog(event.organization_id, change);
        transaction.delete(key, stored_in(replaces), OnConditionFailed::Conflict);
        transaction.record(event);
        transaction.commit().await
    }
}

impl Transaction<'_> {
    /// Moves the catalog to the version and usage of a change, from the version that was read.
    ///
    /// The usage is measured anew for each change and replaces the stored one, so it never drifts.
    fn change_catalog(&mut self, organization_id: OrganizationId, change: CatalogChange) {
        let CatalogChange { seen, version, usage, decisions, .. } = change;
        let Usage { roles, groups, permission_bytes } = usage;
        let catalog = StoredCatalog { roles, groups, permission_bytes, version };
        let item = encode(item_key::catalog(organization_id), &catalog);
        self.put(item, stored_in(seen), OnConditionFailed::Conflict);
        // The condition of the catalog is its own too: both are written by the same transactions alone.
        let item = encode(item_key::decisions(organization_id), &decisions);
        self.put(item, Expression::default(), OnConditionFailed::Conflict);
    }
}

/// Holds where an item of this version is stored; none at all for 0.
fn stored_in(version: u64) -> Expression {
    match version {
        0 => Expression::absent(),
        version => Expression::version(version),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_has_a_greater_version_than_every_role_and_group_and_every_change_before() {
        let role = serde_json::json!({"name": "a", "permissions": "a:b", "updated_at": 0, "version": 5});
        let role: Role = serde_json::from_value(role).unwrap();
        let before = Catalog { roles: [(role.name.clone(), role)].into(), ..Catalog::default() };
        for (seen, version) in [(0, 6), (5, 6), (7, 8)] {
            assert_eq!(CatalogChange::between(seen, 0, &before, &before).version, version, "{seen}");
        }
    }
}
