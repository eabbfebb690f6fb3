use aws_sdk_dynamodb::{operation::update_item::UpdateItemError, types::ReturnValue};
use domain::{
    Time,
    id::UserId,
    inbox::{KEPT, Message, State},
};
use ulid::Ulid;

use crate::{
    Error, Page, Refusal, Table, Transaction,
    item::{Item, decode, encode, number, primary, text},
    key,
    newest::Stretch,
    transaction::Expression,
};

/// Holds of a message that is there and still kept.
const KEPT_STILL: &str = "attribute_exists(PK) AND #at >= :from";

impl Transaction {
    /// Adds a message to the inbox of a user.
    pub(crate) fn add_message(&mut self, table: &Table, user_id: UserId, message: &Message) {
        self.create(table, message_item(user_id, message), OnConditionFailed::Conflict);
    }
}

impl Table {
    /// Lists the messages to a user that are kept at `now`, the newest first.
    ///
    /// `after` is the `next` of the page before. A page may be short, or empty, and not be the last.
    pub async fn messages(
        &self,
        user_id: UserId,
        state: Option<State>,
        now: Time,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<Message>, Error> {
        self.newest("message", &kept(user_id, now), state.map(in_state), after, limit).await
    }

    /// Counts the unread among the newest 1,000 messages to a user that are kept at `now`, strongly.
    pub async fn count_unread(&self, user_id: UserId, now: Time) -> Result<u64, Error> {
        self.count_newest(&kept(user_id, now), in_state(State::Unread)).await
    }

    /// Notes what a message's reader did with it, and returns it as it is then.
    ///
    /// Refused where there is no such message, or none any more: it is never made anew.
    pub async fn mark_message(
        &self,
        user_id: UserId,
        message_id: Ulid,
        state: State,
        now: Time,
    ) -> Result<Message, Error> {
        let result = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(primary(key::message(user_id, message_id))))
            .update_expression("SET #state = :state")
            .condition_expression(KEPT_STILL)
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#at", "at")
            .expression_attribute_values(":state", text(state.as_str()))
            .expression_attribute_values(":from", number(kept_from(now).seconds()))
            .return_values(ReturnValue::AllNew)
            .send()
            .await;
        match result {
            Ok(answer) => decode("message", answer.attributes.unwrap_or_default()),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Err(missing().into())
            }
            Err(error) => Err(Error::failed("UpdateItem", error)),
        }
    }

    /// Removes a message. Refused where there is none, or none any more.
    ///
    /// A transaction of one step, because its client token keeps a lost reply from making the
    /// repetition find nothing.
    pub async fn delete_message(&self, user_id: UserId, message_id: Ulid, now: Time) -> Result<(), Error> {
        let kept =
            Expression::new(KEPT_STILL).name("#at", "at").value(":from", number(kept_from(now).seconds()));
        let mut transaction = Transaction::default();
        transaction.delete(self, key::message(user_id, message_id), kept, OnConditionFailed::Refuse(missing()));
        self.commit(transaction).await
    }
}

fn missing() -> domain::Error {
    domain::Error::NotFound { what: "message" }
}

/// Returns the first second whose messages are kept at `now`.
fn kept_from(now: Time) -> Time {
    now.plus(1 - KEPT)
}

/// Returns the stretch of a user's messages that are kept at `now`.
fn kept(user_id: UserId, now: Time) -> Stretch {
    Stretch {
        partition: key::user_partition(user_id),
        prefix: key::MESSAGES,
        from: kept_from(now),
        until: None,
    }
}

fn in_state(state: State) -> Expression {
    Expression::new("#state = :state").name("#state", "state").value(":state", text(state.as_str()))
}

fn message_item(user_id: UserId, message: &Message) -> Item {
    let mut item = encode(key::message(user_id, message.message_id), message);
    item.insert("ttl".to_owned(), number(message.at.plus(KEPT).seconds()));
    item
}

#[cfg(test)]
mod tests {
    use domain::{id::KeyId, inbox::MessageKind};

    use super::*;
    use crate::item::tests::attributes;

    #[test]
    fn a_message_is_stored_with_its_reader_its_time_and_its_end() {
        let (user_id, at) = (UserId::random(), Time::from_seconds(1_790_000_000));
        let mut message = Message::new(at, MessageKind::KeyChanged, "title", "text", None);
        let item = message_item(user_id, &message);
        assert_eq!(
            attributes(&item),
            ["PK", "SK", "at", "event", "message_id", "state", "text", "title", "ttl"]
        );
        assert_eq!(item["PK"], text(format!("USER#{user_id}")));
        assert_eq!(item["SK"], text(format!("INBOX#{}", message.message_id)));
        assert_eq!(item["message_id"], text(message.message_id.to_string()));
        assert_eq!((&item["event"], &item["state"]), (&text("key_changed"), &text("unread")));
        assert_eq!((&item["at"], &item["ttl"]), (&number(1_790_000_000), &number(1_792_592_000)));

        let key_id = KeyId::random();
        message.key_id = Some(key_id);
        assert_eq!(message_item(user_id, &message)["key_id"], text(key_id));
    }

    #[test]
    fn a_message_is_kept_for_thirty_days_to_the_second() {
        let at = Time::from_seconds(1_790_000_000);
        assert_eq!(kept_from(at.plus(KEPT - 1)), at);
        assert_eq!(kept_from(at.plus(KEPT)), at.plus(1));
    }
}
