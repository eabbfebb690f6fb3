//! Messages to all owners of an organization: one item in the outbox, which runs of notify-expiring-keys
//! deliver to each owner.

use std::collections::BTreeSet;

use domain::{
    id::{OrganizationId, UserId},
    inbox::Message,
    notification::Notification,
    user::User,
};
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use crate::{
    DueRecord, Error, OnConditionFailed, Table, Transaction,
    expression::Expression,
    item::{Item, encode, text},
    item_key::{self, ItemKey},
};

/// The owners of one transaction: two steps each at most, and one for the message.
const BATCH_SIZE: usize = 49;

/// A message in the outbox that is addressed to all active owners of an organization.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OwnersMessage {
    /// The organization.
    pub organization_id: OrganizationId,
    /// The owners who do not get it.
    pub except: Vec<UserId>,
    /// Whether it is mailed too. It goes to inboxes in any case.
    pub by_mail: bool,
    /// The last owner, by id, to whom it was delivered; `None` before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_up_to: Option<UserId>,
    /// The message.
    #[serde(flatten)]
    pub message: Message,
}

/// One step of the delivery of a message to all owners.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnersDelivery {
    /// The owners for whom the step put the message in their own outboxes.
    pub to_be_mailed: Vec<UserId>,
    /// Whether it was the last step. The message to the owners is then gone.
    pub is_complete: bool,
}

impl DueRecord for OwnersMessage {
    type Place = (OrganizationId, Ulid);

    const NAME: &'static str = "message to owners";

    fn key_of((organization_id, id): Self::Place) -> ItemKey {
        item_key::owners_message(organization_id, id)
    }
}

impl Table {
    /// Delivers a message to the next owners in the order of ids: to their inboxes and outboxes, by the
    /// channels that each has switched on.
    ///
    /// Delivery and its record are one transaction, on condition of the record that was read, so that each
    /// owner gets the message once. Owners that cannot be decoded are left out, as are owners whose inbox or
    /// outbox holds the message: it is delivered again after [`Table::redirect_to_owners`]. An owner who has
    /// deleted it by then gets it again. Tolerate: [`Error::Conflict`] when another run delivered it meanwhile.
    pub async fn deliver_to_owners(
        &self,
        waiting: &mut OwnersMessage,
        owner_ids: &BTreeSet<UserId>,
    ) -> Result<OwnersDelivery, Error> {
        let after = waiting.delivered_up_to;
        let (batch, is_complete) = next_owners(owner_ids, after);
        let owners = self.users_by_id(&batch).await?.into_values().flatten();
        let owners =
            owners.filter(|owner| owner.is_active_owner() && !waiting.except.contains(&owner.user_id));
        let mut addressed: Vec<_> = owners.filter_map(|owner| addressed_to(&owner, waiting)).collect();
        let up_to = batch.last().copied().filter(|_| !is_complete);
        loop {
            let mut transaction = Transaction::new(self);
            transaction.record_delivery(waiting, up_to);
            for (_, notification) in &addressed {
                transaction.notify(notification);
            }
            let refused = transaction.attempt().await?;
            if refused.is_empty() {
                break;
            }
            if refused.contains(&0) {
                return Err(Error::Conflict);
            }
            leave_out(&mut addressed, &refused);
        }
        waiting.delivered_up_to = batch.last().copied().or(after);
        let mailed = addressed.iter().filter(|(_, notification)| notification.by_mail);
        Ok(OwnersDelivery { to_be_mailed: mailed.map(|(owner, _)| *owner).collect(), is_complete })
    }

    /// Makes the item of a message to all owners, in the `due` index from the message's time on.
    pub(crate) fn owners_message_item(&self, notification: &Notification, except: &[UserId]) -> Item {
        let Notification { organization_id, message, by_mail, .. } = notification;
        let key = item_key::owners_message(*organization_id, message.message_id);
        let waiting = OwnersMessage {
            organization_id: *organization_id,
            except: except.to_vec(),
            by_mail: *by_mail,
            delivered_up_to: None,
            message: message.clone(),
        };
        let mut item = encode(key, &waiting);
        self.due_from(&mut item, *organization_id, message.at);
        item
    }
}

/// Returns the next owners after one, as many as a transaction delivers to, and whether they are the last.
fn next_owners(owner_ids: &BTreeSet<UserId>, after: Option<UserId>) -> (Vec<UserId>, bool) {
    let mut rest = owner_ids.iter().copied().filter(|id| after.is_none_or(|after| *id > after));
    let batch = rest.by_ref().take(BATCH_SIZE).collect();
    (batch, rest.next().is_none())
}

/// Addresses the message to one owner; `None` if no channel reaches the owner.
fn addressed_to(owner: &User, waiting: &OwnersMessage) -> Option<(UserId, Notification)> {
    let notification = Notification::to(owner, waiting.message.clone())?;
    let by_mail = notification.by_mail && waiting.by_mail;
    Some((owner.user_id, Notification { by_mail, ..notification }))
}

/// Leaves out the owners of refused steps. The steps of the owners follow the one of the record.
fn leave_out(addressed: &mut Vec<(UserId, Notification)>, refused: &[usize]) {
    let mut next = 1;
    addressed.retain(|(_, Notification { in_inbox, by_mail, .. })| {
        let first = next;
        next += usize::from(*in_inbox) + usize::from(*by_mail);
        !refused.iter().any(|step| (first..next).contains(step))
    });
}

impl Transaction<'_> {
    /// Records that a message was delivered up to an owner, or to all of them (`None`), on condition of the
    /// record that was read.
    fn record_delivery(&mut self, waiting: &OwnersMessage, up_to: Option<UserId>) {
        let key = item_key::owners_message(waiting.organization_id, waiting.message.message_id);
        let seen = match waiting.delivered_up_to {
            None => Expression::exists().and(" AND attribute_not_exists(delivered_up_to)"),
            Some(seen) => Expression::new("delivered_up_to = :seen").value(":seen", text(seen)),
        };
        match up_to {
            Some(owner) => {
                let change = Expression::new("SET delivered_up_to = :owner").value(":owner", text(owner));
                self.update(key, change, seen, OnConditionFailed::Conflict);
            }
            None => self.delete(key, seen, OnConditionFailed::Conflict),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{Time, inbox::MessageKind, notification::Recipient};

    use super::*;
    use crate::item::{
        decode,
        tests::{attributes, offline},
    };

    #[test]
    fn owners_are_reached_in_order_each_once() {
        let owner_ids: BTreeSet<_> = (0..=2 * BATCH_SIZE).map(|_| UserId::random()).collect();
        let (mut reached, mut after, mut sizes) = (Vec::new(), None, Vec::new());
        loop {
            let (batch, is_complete) = next_owners(&owner_ids, after);
            after = batch.last().copied();
            sizes.push(batch.len());
            reached.extend(batch);
            if is_complete {
                break;
            }
        }
        assert_eq!(sizes, [BATCH_SIZE, BATCH_SIZE, 1]);
        assert!(reached.iter().eq(&owner_ids));
        let two = owner_ids.into_iter().take(2 * BATCH_SIZE).collect();
        let first = next_owners(&two, None);
        assert_eq!((first.0.len(), first.1), (BATCH_SIZE, false));
        assert!(next_owners(&two, first.0.last().copied()).1);
    }

    #[test]
    fn an_owner_is_left_out_for_any_refused_step() {
        let message = Message::new(Time::from_seconds(7), MessageKind::LeakReported, "title", "text", None);
        let organization_id = OrganizationId::random();
        // The steps of four owners: 1, 2 and 3, 4, 5 and 6.
        let channels = [(true, false), (true, true), (false, true), (true, true)];
        let all = channels.map(|(in_inbox, by_mail)| {
            let user_id = UserId::random();
            let (recipient, message) = (Recipient::User(user_id), message.clone());
            (user_id, Notification { recipient, organization_id, message, in_inbox, by_mail })
        });
        for (refused, left) in [
            (&[1][..], &[1, 2, 3][..]),
            (&[2], &[0, 2, 3]),
            (&[3], &[0, 2, 3]),
            (&[2, 3, 4], &[0, 3]),
            (&[6], &[0, 1, 2]),
            (&[1, 2, 4, 5], &[]),
        ] {
            let mut addressed = all.to_vec();
            leave_out(&mut addressed, refused);
            let expected: Vec<_> = left.iter().map(|owner| all[*owner].clone()).collect();
            assert_eq!(addressed, expected, "{refused:?}");
        }
    }

    #[test]
    fn one_item_holds_the_message_to_all_owners() {
        let message = Message::new(Time::from_seconds(7), MessageKind::LeakReported, "title", "text", None);
        let (organization_id, except) = (OrganizationId::random(), UserId::random());
        let notification = Notification::to_owners(organization_id, vec![except], message.clone());
        let item = offline().owners_message_item(&notification, &[except]);
        assert_eq!(
            attributes(&item),
            [
                "PK",
                "SK",
                "at",
                "by_mail",
                "due_at",
                "due_shard",
                "event",
                "except",
                "message_id",
                "organization_id",
                "state",
                "text",
                "title"
            ]
        );
        let read: OwnersMessage = decode("message to owners", item).unwrap();
        assert_eq!((read.message, read.except, read.delivered_up_to), (message, vec![except], None));
    }
}
