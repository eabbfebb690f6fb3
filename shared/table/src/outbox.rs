use std::collections::HashMap;

use domain::{
    id::{OrganizationId, UserId},
    inbox::Message,
};
use serde::Deserialize;
use ulid::Ulid;

use crate::{Error, Mail, Refusal, Table, Transaction, key, transaction::Expression};

/// The most messages that one mail tells: claiming them is one transaction, with a step for the mail.
pub const MESSAGES: usize = 99;

/// A message that waits to be mailed.
#[derive(Debug, Clone, Deserialize)]
pub struct OutboxMessage {
    /// Who gets it.
    pub user_id: UserId,
    /// The organization of that user.
    pub organization_id: OrganizationId,
    /// What it tells.
    #[serde(flatten)]
    pub message: Message,
}

impl Table {
    /// Reads messages that wait to be mailed, by recipient and id, strongly; those that are gone are
    /// absent from the answer.
    ///
    /// One that cannot be read is an error of its own: it is not to be taken for one that is gone.
    pub async fn waiting(
        &self,
        places: &[(UserId, Ulid)],
    ) -> Result<HashMap<(UserId, Ulid), Result<OutboxMessage, Error>>, Error> {
        self.each("message to be mailed", places, |(user_id, message_id)| key::outbox(user_id, message_id))
            .await
    }

    /// Moves up to [`MESSAGES`] messages out of the outbox into a mail, except those that are gone.
    ///
    /// That is one transaction, so that each is in the outbox or in one mail. After [`Error::Failed`]
    /// it is unknown whether they were moved: do not send the mail, a later run finds it if they were.
    ///
    /// Tolerate: [`Error::Conflict`] when another run took the mail's lease meanwhile.
    pub async fn claim_outbox_messages(&self, mail: &mut Mail, mut wanted: Vec<Message>) -> Result<(), Error> {
        while !wanted.is_empty() {
            let mut transaction = Transaction::default();
            self.add_to_mail(&mut transaction, mail, &[], &wanted);
            for message in &wanted {
                let there = Expression::new("attribute_exists(PK)");
                let place = key::outbox(mail.user_id, message.message_id);
                transaction.delete(self, place, there, OnConditionFailed::Conflict);
            }
            let refused = self.attempt(transaction).await?;
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

    /// Removes a message from the outbox: nobody is to be mailed.
    pub async fn drop_outbox_messages(&self, user_id: UserId, message_id: Ulid) -> Result<(), Error> {
        self.delete(key::outbox(user_id, message_id)).await
    }
}
