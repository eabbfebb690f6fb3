//! Roles and groups.

use domain::{
    audit,
    id::OrganizationId,
    role::{Group, Label, Role},
};
use serde::Serialize;

use crate::{
    Error, OnConditionFailed, Table, Transaction,
    expression::Expression,
    item::encode,
    item_key::{self, ItemKey},
};

impl Table {
    /// Sets a role, from the version that was read; 0 where there was none.
    ///
    /// Fails with [`Error::Conflict`] if the role changed meanwhile: read it and decide again.
    pub async fn set_role(&self, role: &Role, seen: u64, event: &audit::Event) -> Result<(), Error> {
        self.set(item_key::role(event.organization_id, &role.name), role, seen, event).await
    }

    /// Sets a group, from the version that was read; 0 where there was none.
    ///
    /// Fails with [`Error::Conflict`] if the group changed meanwhile: read it and decide again.
    pub async fn set_group(&self, group: &Group, seen: u64, event: &audit::Event) -> Result<(), Error> {
        self.set(item_key::group(event.organization_id, &group.name), group, seen, event).await
    }

    /// Removes a role, from the version that was read. Its users and keys lose its permissions.
    ///
    /// Fails with [`Error::Conflict`] if the role changed meanwhile: read it and decide again.
    pub async fn delete_role(&self, name: &Label, seen: u64, event: &audit::Event) -> Result<(), Error> {
        self.remove(item_key::role(event.organization_id, name), seen, event).await
    }

    /// Removes a group, from the version that was read. Its users and keys lose its permissions.
    ///
    /// Fails with [`Error::Conflict`] if the group changed meanwhile: read it and decide again.
    pub async fn delete_group(&self, name: &Label, seen: u64, event: &audit::Event) -> Result<(), Error> {
        self.remove(item_key::group(event.organization_id, name), seen, event).await
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
        seen: u64,
        event: &audit::Event,
    ) -> Result<(), Error> {
        let mut transaction = Transaction::new(self);
        let condition = match seen {
            0 => Expression::absent(),
            seen => Expression::version(seen),
        };
        transaction.put(encode(key, entity), condition, OnConditionFailed::Conflict);
        transaction.record(event);
        transaction.commit().await
    }

    async fn remove(&self, key: ItemKey, seen: u64, event: &audit::Event) -> Result<(), Error> {
        let mut transaction = Transaction::new(self);
        transaction.delete(key, Expression::version(seen), OnConditionFailed::Conflict);
        transaction.record(event);
        transaction.commit().await
    }
}
