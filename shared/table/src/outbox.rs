//! The outbox: messages that the next run of notify-expiring-keys mails.

use domain::{
    Time,
    id::{OrganizationId, UserId},
    inbox::Message,
    notification::Notification,
};
use serde::Deserialize;
use ulid::Ulid;

use crate::{
    DueRecord, Error, Mail, OnConditionFailed, Table, Transaction,
    expression::Expression,
    item::number,
    item_key::{self, ItemKey},
};

/// The most messages of one mail. Claiming them is one transaction, with one step for the mail.
pub const MAX_MESSAGES: usize = 99;

/// A message in the outbox.
#[derive(Debug, Clone, Deserialize)]
pub struct OutboxMessage {
    /// The recipient.
    pub user_id: UserId,
    /// The recipient's organization.
    pub organization_id: OrganizationId,
    /// The message.
    #[serde(flatten)]
    pub message: Message,
}

/// Something that a later run mails.
#[derive(Debug, Clone, Copy)]
enum Postponed<'a> {
    Mail(&'a Mail),
    Message(&'a OutboxMessage),
}

impl DueRecord for OutboxMessage {
    type Place = (UserId, Ulid);

    const NAME: &'static str = "message to be mailed";

    fn key_of((user_id, id): Self::Place) -> ItemKey {
        item_key::outbox(user_id, id)
    }
}

impl Table {
    /// Moves up to [`MAX_MESSAGES`] messages from the outbox into a mail; missing ones are left out.
    ///
    /// It is one transaction, so that each message is in the outbox or in one mail. After [`Error::Failed`]
    /// the outcome is unknown: do not send the mail. A later run finds it if it was stored.
    ///
    /// Fails with [`Error::Conflict`] if another run took the mail's lease meanwhile.
    pub async fn claim_outbox_messages(
        &self,
        mail: &mut Mail,
        mut wanted: Vec<Message>,
    ) -> Result<(), Error> {
        while !wanted.is_empty() {
            let mut transaction = Transaction::new(self);
            transaction.add_to_mail(mail, &[], &wanted);
            for message in &wanted {
                let key = item_key::outbox(mail.user_id, message.message_id);
                transaction.delete(key, Expression::exists(), OnConditionFailed::Conflict);
            }
            let refused = transaction.attempt().await?;
            if refused.is_empty() {
                mail.messages.append(&mut wanted);
            } else if refused.contains(&0) {
                return Err(Error::Conflict);
            }
            let mut step = 0;
            wanted.retain(|_| {
                step += 1;
                !refused.contains(&step)
            });
        }
        Ok(())
    }

    /// Lets unfinished mails and messages of the outbox wait until a time, except those that another run took
    /// since they were read. No attempt is counted.
    pub async fn postpone(
        &self,
        mails: &[Mail],
        messages: &[OutboxMessage],
        until: Time,
    ) -> Result<(), Error> {
        let messages = messages.iter().map(Postponed::Message);
        let all: Vec<_> = mails.iter().map(Postponed::Mail).chain(messages).collect();
        self.change_each(&all, |transaction, item| {
            let change = Expression::new("SET due_at = :until").value(":until", number(until.seconds()));
            match item {
                Postponed::Mail(mail) => transaction.change_leased_mail(mail, change),
                Postponed::Message(OutboxMessage { user_id, message, .. }) => {
                    let key = item_key::outbox(*user_id, message.message_id);
                    transaction.update(key, change, Expression::exists(), OnConditionFailed::Conflict);
                }
            }
        })
        .await
    }

    /// Addresses a message of the outbox to all owners instead of its recipient.
    ///
    /// Fails with [`Error::Conflict`] if the message is gone.
    pub async fn redirect_to_owners(&self, waiting: &OutboxMessage) -> Result<(), Error> {
        let OutboxMessage { user_id, organization_id, message } = waiting;
        let mut transaction = Transaction::new(self);
        let key = item_key::outbox(*user_id, message.message_id);
        transaction.delete(key, Expression::exists(), OnConditionFailed::Conflict);
        transaction.notify(&Notification::to_owners(*organization_id, vec![*user_id], message.clone()));
        transaction.commit().await
    }

    /// Removes a message from the outbox without mailing it.
    pub async fn drop_outbox_message(&self, user_id: UserId, message_id: Ulid) -> Result<(), Error> {
        self.delete(item_key::outbox(user_id, message_id)).await
    }
}
