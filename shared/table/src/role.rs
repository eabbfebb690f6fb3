use domain::{
    audit,
    id::OrganizationId,
    role::{Group, Label, Role},
};
use serde::Serialize;

use crate::{
    Error, Refusal, Table, Transaction,
    item::{encode, number},
    key::{self, Key},
    transaction::Expression,
};

impl Table {
    /// Sets a role, from the version that was read; 0 where there was none.
    ///
    /// Tolerate: [`Error::Conflict`] when the role changed meanwhile; read it and decide again.
    pub async fn set_role(&self, role: &Role, seen: u64, event: &audit::Event) -> Result<(), Error> {
        self.set(key::role(event.organization_id, &role.name), role, seen, event).await
    }

    /// Sets a group, from the version that was read; 0 where there was none.
    ///
    /// Tolerate: [`Error::Conflict`] when the group changed meanwhile; read it and decide again.
    pub async fn set_group(&self, group: &Group, seen: u64, event: &audit::Event) -> Result<(), Error> {
        self.set(key::group(event.organization_id, &group.name), group, seen, event).await
    }

    /// Removes a role, from the version that was read. Whoever carries it holds nothing by it then.
    ///
    /// Tolerate: [`Error::Conflict`] when the role changed meanwhile; read it and decide again.
    pub async fn delete_role(&self, name: &Label, seen: u64, event: &audit::Event) -> Result<(), Error> {
        self.remove(key::role(event.organization_id, name), seen, event).await
    }

    /// Removes a group, from the version that was read. Whoever is in it holds nothing by it then.
    ///
    /// Tolerate: [`Error::Conflict`] when the group changed meanwhile; read it and decide again.
    pub async fn delete_group(&self, name: &Label, seen: u64, event: &audit::Event) -> Result<(), Error> {
        self.remove(key::group(event.organization_id, name), seen, event).await
    }

    /// Reads a role, strongly.
    pub async fn role(&self, organization_id: OrganizationId, name: &Label) -> Result<Option<Role>, Error> {
        self.get("role", key::role(organization_id, name)).await
    }

    /// Reads a group, strongly.
    pub async fn group(&self, organization_id: OrganizationId, name: &Label) -> Result<Option<Group>, Error> {
        self.get("group", key::group(organization_id, name)).await
    }

    async fn set(
        &self,
        key: Key,
        entity: &impl Serialize,
        seen: u64,
        event: &audit::Event,
    ) -> Result<(), Error> {
        let mut transaction = Transaction::default();
        let condition = match seen {
            0 => Expression::new("attribute_not_exists(PK)"),
            seen => Expression::new("version = :seen").value(":seen", number(seen)),
        };
        transaction.put(self, encode(key, entity), condition, OnConditionFailed::Conflict);
        transaction.record(self, event);
        self.commit(transaction).await
    }

    async fn remove(&self, key: Key, seen: u64, event: &audit::Event) -> Result<(), Error> {
        let mut transaction = Transaction::default();
        let condition = Expression::new("version = :seen").value(":seen", number(seen));
        transaction.delete(self, key, condition, OnConditionFailed::Conflict);
        transaction.record(self, event);
        self.commit(transaction).await
    }
}
