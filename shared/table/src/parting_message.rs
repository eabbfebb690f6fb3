//! Messages to people whose address, kind or status somebody changed, at the proven address that they had.
//!
//! They lie outside the user's partition, so that they outlive the user.

use domain::{
    Time,
    id::{OrganizationId, UserId},
    inbox::Message,
    notification::{FormerAddress, Notification},
    text::{Email, Name},
};
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use crate::{
    DueRecord, Error, OnConditionFailed, Table, Transaction,
    expression::Expression,
    item::{Item, encode, number, text},
    item_key::{self, ItemKey},
    mail::due_again,
    outbox::MAX_MESSAGES,
};

/// A message to the proven address that a user had before a change.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PartingMessage {
    /// The organization.
    pub organization_id: OrganizationId,
    /// The user, who may be deleted by now.
    pub user_id: UserId,
    /// The name that the user had.
    pub name: Name,
    /// The proven address that the user had.
    pub address: Email,
    /// Identifies the lease of the run that mails it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Ulid>,
    /// When another run may take the lease, by the clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_ends_at: Option<Time>,
    /// How many runs took the lease.
    #[serde(default)]
    pub attempts: u32,
    /// The message.
    #[serde(flatten)]
    pub message: Message,
}

impl DueRecord for PartingMessage {
    type Place = (OrganizationId, Ulid);

    const NAME: &'static str = "message to a former address";

    fn key_of((organization_id, id): Self::Place) -> ItemKey {
        item_key::parting_message(organization_id, id)
    }
}

impl Table {
    /// Moves a message to the outbox of its user, who still has the address.
    ///
    /// Fails with [`Error::Conflict`] if another run took it meanwhile.
    pub async fn move_to_outbox(&self, waiting: &PartingMessage) -> Result<(), Error> {
        let mut transaction = Transaction::new(self);
        transaction.delete(waiting.key(), waiting.as_read(), OnConditionFailed::Conflict);
        let item = self.outbox_item(waiting.user_id, waiting.organization_id, &waiting.message);
        transaction.create(item, OnConditionFailed::Conflict);
        transaction.commit().await
    }

    /// Takes the lease of the messages of one mail, at most [`MAX_MESSAGES`], from the state in which they were
    /// read. All of them, or none.
    ///
    /// The time until they are due again doubles with each lease. Fails with [`Error::Conflict`] if another run
    /// took one meanwhile.
    pub async fn lease_parting_messages(
        &self,
        messages: &mut [PartingMessage],
        lease_ends_at: Time,
        now: Time,
    ) -> Result<(), Error> {
        assert!(messages.len() <= MAX_MESSAGES, "the messages of one mail fit one transaction");
        let lease = Ulid::generate();
        let mut transaction = Transaction::new(self);
        for waiting in &*messages {
            let change = Expression::new(
                "SET lease = :new, lease_ends_at = :ends_at, due_at = :due_at ADD attempts :one",
            )
            .value(":new", text(lease.to_string()))
            .value(":ends_at", number(lease_ends_at.seconds()))
            .value(":due_at", number(due_again(waiting.attempts, now).seconds()))
            .value(":one", number(1));
            transaction.update(waiting.key(), change, waiting.as_read(), OnConditionFailed::Conflict);
        }
        transaction.commit().await?;
        for waiting in messages {
            waiting.lease = Some(lease);
        }
        Ok(())
    }

    /// Removes leased messages, so that no run mails them again.
    ///
    /// Fails with [`Error::Conflict`] if another run took the lease meanwhile.
    pub async fn remove_parting_messages(&self, messages: &[PartingMessage]) -> Result<(), Error> {
        let mut transaction = Transaction::new(self);
        for waiting in messages {
            transaction.delete(waiting.key(), waiting.as_read(), OnConditionFailed::Conflict);
        }
        transaction.commit().await
    }

    /// Makes the item of a message to a former address, in the `due` index from the message's time on.
    pub(crate) fn parting_message_item(&self, notification: &Notification, to: &FormerAddress) -> Item {
        let waiting = PartingMessage {
            organization_id: notification.organization_id,
            user_id: to.user_id,
            name: to.name.clone(),
            address: to.address.clone(),
            lease: None,
            lease_ends_at: None,
            attempts: 0,
            message: notification.message.clone(),
        };
        let mut item = encode(waiting.key(), &waiting);
        self.due_from(&mut item, waiting.organization_id, waiting.message.at);
        // Where SES takes no mail to the address, the message ends with the audit event of the change.
        item.insert("ttl".to_owned(), number(self.audit_kept_until(waiting.message.at).seconds()));
        item
    }
}

impl PartingMessage {
    /// Tells whether a run holds the lease at `now`.
    #[must_use]
    pub fn is_leased(&self, now: Time) -> bool {
        self.lease_ends_at.is_some_and(|ends_at| now < ends_at)
    }

    fn key(&self) -> ItemKey {
        item_key::parting_message(self.organization_id, self.message.message_id)
    }

    /// Holds while no other run took the lease since the message was read.
    fn as_read(&self) -> Expression {
        match self.lease {
            None => Expression::exists().and(" AND attribute_not_exists(lease)"),
            Some(lease) => Expression::new("lease = :lease").value(":lease", text(lease.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::user::{Kind, User};

    use super::*;

    #[test]
    fn a_lease_ends_at_its_second() {
        let (now, name) = (Time::from_seconds(1_000), Name::try_from("Carol".to_owned()).unwrap());
        let user = User::new(OrganizationId::random(), Kind::Normal, name.clone(), None, now);
        let mut waiting = PartingMessage {
            organization_id: user.organization_id,
            user_id: user.user_id,
            message: Message::organization_deleted(now, &name, &user),
            name,
            address: Email::try_from("carol@example.com".to_owned()).unwrap(),
            lease: None,
            lease_ends_at: None,
            attempts: 0,
        };
        assert!(!waiting.is_leased(now));
        let leased = [1_001, 1_000].map(|ends_at| {
            waiting.lease_ends_at = Some(Time::from_seconds(ends_at));
            waiting.is_leased(now)
        });
        assert_eq!(leased, [true, false]);
    }
}
