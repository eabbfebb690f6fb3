//! Organizations.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{audit, id::OrganizationId, organization::Organization, user::User};

use crate::{
    Error, OnConditionFailed, Table, Transaction,
    item::{Item, encode},
    item_key,
};

impl Table {
    /// Reads an organization, strongly.
    pub async fn organization(&self, organization_id: OrganizationId) -> Result<Option<Organization>, Error> {
        self.get("organization", item_key::organization(organization_id)).await
    }

    /// Creates an organization and its first owner, linked to the sign-in that asked for it.
    ///
    /// Refused if the person owns [`MAX_OWNED`](domain::limits::MAX_OWNED) organizations. A taken id is
    /// refused as a conflict. Random ids do not repeat.
    pub async fn create_organization(
        &self,
        organization: &Organization,
        owner: &User,
        events: &[audit::Event],
    ) -> Result<(), Error> {
        let taken = || OnConditionFailed::Refuse(domain::Error::Conflict("this id is taken; try again"));
        let mut transaction = Transaction::new(self);
        transaction.create(organization_item(organization), taken());
        transaction.add_user(owner);
        transaction.change_owned(owner, true);
        for event in events {
            transaction.record(event);
        }
        transaction.commit().await
    }

    /// Changes an organization from the state in which it was read. Its owners change with users.
    ///
    /// If it lifts a suspension or its policy gains stages, what is owed and the keys concerned become due again.
    /// Fails with [`Error::Conflict`] if it changed meanwhile: read it and decide again.
    ///
    /// Model: `quota::Action::ChangePolicy`.
    pub async fn update_organization(
        &self,
        before: &Organization,
        after: &Organization,
        event: &audit::Event,
    ) -> Result<(), Error> {
        let mut transaction = Transaction::new(self);
        let organization = item_key::organization(before.organization_id);
        let (old, new) = (organization_item(before), organization_item(after));
        transaction.change(organization, &old, &new, OnConditionFailed::Conflict);
        transaction.rearm_organization(before, after, event.at);
        transaction.record(event);
        transaction.commit().await
    }
}

pub(crate) fn organization_item(organization: &Organization) -> Item {
    let mut item = encode(item_key::organization(organization.organization_id), organization);
    // A string set, so that one owner can be taken out of it without reading the others.
    for (name, ids) in
        [("owner_ids", &organization.owner_ids), ("entered_owner_ids", &organization.entered_owner_ids)]
    {
        let ids = ids.iter().map(ToString::to_string).collect();
        item.insert(name.to_owned(), AttributeValue::Ss(ids));
    }
    item
}
