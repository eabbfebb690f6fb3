use domain::{audit, notification::Notification};

use crate::{
    Refusal, Table, Transaction,
    idempotency::IdempotencyRecord,
    item::{Item, encode, text},
    key,
};

/// What a change leaves behind in its own transaction, besides the change.
#[derive(Debug, Clone, Copy)]
pub struct ChangeRecords<'a> {
    /// An audit event for each thing that changed.
    pub events: &'a [audit::Event],
    /// What others are told of it.
    pub news: &'a [Notification],
    /// That it was asked for under a name, so that it is done once.
    pub once: Option<&'a IdempotencyRecord>,
}

impl<'a> ChangeRecords<'a> {
    /// Leaves audit events alone.
    #[must_use]
    pub const fn of(events: &'a [audit::Event]) -> Self {
        Self { events, news: &[], once: None }
    }

    /// Tells of the change too.
    #[must_use]
    pub const fn telling(self, news: &'a [Notification]) -> Self {
        Self { news, ..self }
    }

    /// Refuses the change where it was done under this name before.
    #[must_use]
    pub const fn once(self, once: Option<&'a IdempotencyRecord>) -> Self {
        Self { once, ..self }
    }
}

impl Transaction {
    /// Starts with what the change leaves behind: first of all, that it was asked for once.
    pub(crate) fn leaving(table: &Table, trail: ChangeRecords<'_>) -> Self {
        let mut transaction = Self::default();
        if let Some(once) = trail.once {
            transaction.do_once(table, once);
        }
        for event in trail.events {
            transaction.record(table, event);
        }
        for news in trail.news {
            transaction.tell(table, news);
        }
        transaction
    }

    fn tell(&mut self, table: &Table, news: &Notification) {
        if news.in_inbox {
            self.add_message(table, news.user_id, &news.message);
        }
        if news.by_mail {
            self.create(table, table.outbox_item(news), OnConditionFailed::Conflict);
        }
    }
}

impl Table {
    /// Makes the item of a message that is to be mailed, in the `due` index from the message's time on.
    fn outbox_item(&self, news: &Notification) -> Item {
        let place = key::outbox(news.user_id, news.message.message_id);
        let mut item = encode(place, &news.message);
        item.insert("user_id".to_owned(), text(news.user_id));
        item.insert("organization_id".to_owned(), text(news.organization_id));
        self.due_from(&mut item, news.organization_id, news.message.at);
        item
    }
}
