//! Records that a change leaves in its own transaction: audit events, notifications, an idempotency record.

use domain::{
    audit,
    id::{OrganizationId, UserId},
    inbox::Message,
    notification::{Notification, Recipient},
};

use crate::{
    OnConditionFailed, Table, Transaction,
    idempotency::IdempotencyRecord,
    item::{Item, encode, text},
    item_key,
};

/// The records of one change, written in the transaction of the change.
#[derive(Debug, Clone, Copy)]
pub struct ChangeRecords<'a> {
    /// An audit event for each thing that changed.
    pub events: &'a [audit::Event],
    /// The notifications to other users.
    pub notifications: &'a [Notification],
    /// The record that keeps a repeated request from changing anything twice.
    pub idempotency: Option<&'a IdempotencyRecord>,
}

impl<'a> ChangeRecords<'a> {
    /// Records audit events alone.
    #[must_use]
    pub const fn of(events: &'a [audit::Event]) -> Self {
        Self { events, notifications: &[], idempotency: None }
    }

    /// Adds notifications.
    #[must_use]
    pub const fn notifying(self, notifications: &'a [Notification]) -> Self {
        Self { notifications, ..self }
    }

    /// Adds the idempotency record; the change is refused where a record of the same name is in force.
    #[must_use]
    pub const fn idempotent(self, idempotency: Option<&'a IdempotencyRecord>) -> Self {
        Self { idempotency, ..self }
    }
}

impl<'t> Transaction<'t> {
    /// Starts with the records of a change: the idempotency record first of all.
    pub(crate) fn with(table: &'t Table, records: ChangeRecords<'_>) -> Self {
        let mut transaction = Self::new(table);
        if let Some(record) = records.idempotency {
            transaction.claim_idempotency_key(record);
        }
        for event in records.events {
            transaction.record(event);
        }
        for notification in records.notifications {
            transaction.notify(notification);
        }
        transaction
    }

    /// Adds a notification: one item for each channel of a user, and one item for all owners.
    pub(crate) fn notify(&mut self, notification: &Notification) {
        let user_id = match &notification.recipient {
            Recipient::User(user_id) => *user_id,
            Recipient::OwnersExcept(except) => {
                let item = self.table.owners_message_item(notification, except);
                return self.create(item, OnConditionFailed::Conflict);
            }
            Recipient::FormerAddress(to) => {
                let item = self.table.parting_message_item(notification, to);
                return self.create(item, OnConditionFailed::Conflict);
            }
        };
        if notification.in_inbox {
            self.add_message(user_id, &notification.message);
        }
        if notification.by_mail {
            let Notification { organization_id, message, .. } = notification;
            let item = self.table.outbox_item(user_id, *organization_id, message);
            self.create(item, OnConditionFailed::Conflict);
        }
    }
}

impl Table {
    /// Makes the outbox item of a message, in the `due` index from the message's time on.
    pub(crate) fn outbox_item(
        &self,
        user_id: UserId,
        organization_id: OrganizationId,
        message: &Message,
    ) -> Item {
        let mut item = encode(item_key::outbox(user_id, message.message_id), message);
        item.insert("user_id".to_owned(), text(user_id));
        item.insert("organization_id".to_owned(), text(organization_id));
        self.due_from(&mut item, organization_id, message.at);
        item
    }
}
