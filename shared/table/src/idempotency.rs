use domain::{
    Time,
    id::{KeyId, UserId},
};
use serde::{Deserialize, Serialize};

use crate::{
    Error, Refusal, Table, Transaction,
    item::{Item, encode, number},
    key,
    transaction::Expression,
};

/// Seconds for which a change that was asked for under a name is not done again under that name.
const HOLDS: i64 = 86_400;

/// That a change was asked for under a name of the caller's choice, and what came of it.
///
/// It holds no secret: whoever repeats the request is shown what was made, as it is then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdempotencyRecord {
    /// Who asked.
    pub actor: UserId,
    /// Hash of the name.
    pub name: String,
    /// Hash of what was asked for: the route, its parameters and the body.
    pub request: String,
    /// The HTTP status of the first answer.
    pub status: u16,
    /// The user that was made, where one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// The keys that were made or changed.
    pub key_ids: Vec<KeyId>,
    /// When it was asked for.
    pub at: Time,
}

impl IdempotencyRecord {
    /// Says what came of it.
    #[must_use]
    pub fn with(self, status: u16, user_id: Option<UserId>, key_ids: Vec<KeyId>) -> Self {
        Self { status, user_id, key_ids, ..self }
    }

    fn holds(&self, now: Time) -> bool {
        now < self.at.plus(HOLDS)
    }
}

impl Transaction {
    /// Refuses the transaction where another under this name was done within a day.
    pub(crate) fn do_once(&mut self, table: &Table, once: &IdempotencyRecord) {
        let over = Expression::new("attribute_not_exists(PK) OR #at <= :over")
            .name("#at", "at")
            .value(":over", number(once.at.plus(-HOLDS).seconds()));
        self.put(table, once_item(once), over, OnConditionFailed::Refuse(domain::Error::InProgress));
    }
}

impl Table {
    /// Reads, strongly, what a user asked for under a name, by the hash of the name; `None` where that
    /// was nothing, or is over at `now`.
    pub async fn idempotency_record(&self, actor: UserId, name: &str, now: Time) -> Result<Option<IdempotencyRecord>, Error> {
        let once: Option<IdempotencyRecord> = self.get("idempotency record", key::idempotency(actor, name)).await?;
        Ok(once.filter(|once| once.holds(now)))
    }
}

fn once_item(once: &IdempotencyRecord) -> Item {
    let mut item = encode(key::idempotency(once.actor, &once.name), once);
    item.insert("ttl".to_owned(), number(once.at.plus(2 * HOLDS).seconds()));
    item
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::tests::attributes;

    fn once(at: i64) -> IdempotencyRecord {
        IdempotencyRecord {
            actor: UserId::random(),
            name: "00".to_owned(),
            request: "11".to_owned(),
            status: 201,
            user_id: None,
            key_ids: vec![KeyId::random()],
            at: Time::from_seconds(at),
        }
    }

    #[test]
    fn a_record_holds_for_a_day_to_the_second() {
        let once = once(1_000);
        assert!(once.holds(Time::from_seconds(1_000 + HOLDS - 1)));
        assert!(!once.holds(Time::from_seconds(1_000 + HOLDS)));
    }

    #[test]
    fn a_record_holds_what_was_asked_and_what_came_of_it() {
        let item = once_item(&once(1_000));
        let stored = ["PK", "SK", "actor", "at", "key_ids", "name", "request", "status", "ttl"];
        assert_eq!(attributes(&item), stored);
        assert_eq!(item["ttl"], number(1_000 + 2 * HOLDS));
    }
}
