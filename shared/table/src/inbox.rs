//! Inbox messages.

use aws_sdk_dynamodb::types::ReturnValue;
use domain::{
    Time,
    id::UserId,
    inbox::{Message, RETENTION, State},
};
use ulid::Ulid;

use crate::{
    Error, OnConditionFailed, Page, Table, Transaction,
    expression::Expression,
    item::{Item, decode, encode, number, primary, text},
    item_key,
    single_write::update_if,
    time_range::{MAX_EXAMINED, TimeRange},
};

/// Condition: the message exists and is within its retention. One that does not exist has no `at` to compare.
const IS_KEPT: &str = "#at >= :from";

impl Transaction<'_> {
    /// Adds a message to the inbox of a user.
    pub(crate) fn add_message(&mut self, user_id: UserId, message: &Message) {
        self.create(message_item(user_id, message), OnConditionFailed::Conflict);
    }

    /// Marks a message as read, if it is unread.
    fn mark_as_read(&mut self, user_id: UserId, message_id: Ulid) {
        let read = Expression::new("SET #state = :read").value(":read", text(State::Read.as_str()));
        let key = item_key::message(user_id, message_id);
        self.update(key, read, in_state(State::Unread), OnConditionFailed::Conflict);
    }
}

impl Table {
    /// Lists a user's messages within their retention at `now`, the newest first.
    ///
    /// `after` is the `next` of the page before. A page may be short, or empty, and not be the last. The messages of one
    /// state are read eventually.
    pub async fn messages(
        &self,
        user_id: UserId,
        state: Option<State>,
        now: Time,
        after: Option<Ulid>,
        limit: usize,
    ) -> Result<Page<Message, Ulid>, Error> {
        let range = TimeRange { strongly: state.is_none(), ..kept(user_id, now) };
        self.newest_first("message", &range, state.map(in_state), after, limit).await
    }

    /// Counts the unread ones among a user's newest 1,000 messages at `now`.
    pub async fn count_unread(&self, user_id: UserId, now: Time, strongly: bool) -> Result<u64, Error> {
        let range = TimeRange { strongly, ..kept(user_id, now) };
        self.count_newest(&range, in_state(State::Unread)).await
    }

    /// Sets the state of a message and returns the message.
    ///
    /// Refused if the message does not exist or is past its retention: it is never created anew.
    pub async fn mark_message(
        &self,
        user_id: UserId,
        message_id: Ulid,
        state: State,
        now: Time,
    ) -> Result<Message, Error> {
        let request = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(primary(item_key::message(user_id, message_id))))
            .update_expression("SET #state = :state")
            .condition_expression(IS_KEPT)
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#at", "at")
            .expression_attribute_values(":state", text(state.as_str()))
            .expression_attribute_values(":from", number(kept_from(now).seconds()))
            .return_values(ReturnValue::AllNew);
        let marked = update_if(request).await?.ok_or_else(missing)?;
        decode("message", marked.attributes.unwrap_or_default())
    }

    /// Marks the unread ones as read among the 1,000 newest messages of a user that come after `after` in the list.
    /// Returns the `after` of the next call; `None` if the list ends there.
    ///
    /// A message changes only if it is still unread when it is written, so that a state which its reader sets meanwhile
    /// stays. After [`Error::Failed`] some may be read: a repetition marks the others.
    pub async fn mark_unread_as_read(
        &self,
        user_id: UserId,
        now: Time,
        after: Option<Ulid>,
    ) -> Result<Option<Ulid>, Error> {
        let unread = Some(in_state(State::Unread));
        let page: Page<Message, _> =
            self.newest_first("message", &kept(user_id, now), unread, after, MAX_EXAMINED).await?;
        let ids: Vec<_> = page.items.iter().map(|message| message.message_id).collect();
        self.change_each(&ids, |transaction, id| transaction.mark_as_read(user_id, id)).await?;
        Ok(page.next)
    }

    /// Removes a message. Refused if it does not exist or is past its retention.
    ///
    /// A transaction of one step: thanks to its client token, a retry after a lost reply succeeds.
    pub async fn delete_message(&self, user_id: UserId, message_id: Ulid, now: Time) -> Result<(), Error> {
        let kept =
            Expression::new(IS_KEPT).name("#at", "at").value(":from", number(kept_from(now).seconds()));
        let mut transaction = Transaction::new(self);
        transaction.delete(
            item_key::message(user_id, message_id),
            kept,
            OnConditionFailed::Refuse(missing()),
        );
        transaction.commit().await
    }
}

fn missing() -> domain::Error {
    domain::Error::NotFound { what: "message" }
}

/// Returns the first second within the retention at `now`.
fn kept_from(now: Time) -> Time {
    now.plus(1 - RETENTION)
}

/// Returns the range of a user's messages within their retention at `now`.
fn kept(user_id: UserId, now: Time) -> TimeRange {
    TimeRange {
        partition: item_key::user_partition(user_id),
        prefix: item_key::MESSAGES,
        from: kept_from(now),
        until: None,
        strongly: true,
    }
}

fn in_state(state: State) -> Expression {
    Expression::new("#state = :state").name("#state", "state").value(":state", text(state.as_str()))
}

fn message_item(user_id: UserId, message: &Message) -> Item {
    let mut item = encode(item_key::message(user_id, message.message_id), message);
    item.insert("ttl".to_owned(), number(message.at.plus(RETENTION).seconds()));
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
        assert_eq!(kept_from(at.plus(RETENTION - 1)), at);
        assert_eq!(kept_from(at.plus(RETENTION)), at.plus(1));
    }
}
