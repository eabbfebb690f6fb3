//! Idempotency records: a request that is repeated under its `Idempotency-Key` changes nothing twice.

use domain::{
    Time,
    id::{KeyId, UserId},
};
use serde::{Deserialize, Serialize};

use crate::{
    Error, OnConditionFailed, Table, Transaction,
    expression::Expression,
    item::{Item, encode, number},
    item_key,
};

/// Seconds for which a record keeps its request from being done again.
const RETENTION: i64 = 86_400;

/// The outcome of a request that came with an `Idempotency-Key`.
///
/// It holds no secret: a repeated request is answered with the current state of what the first one made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdempotencyRecord {
    /// The user who made the request.
    pub actor: UserId,
    /// Hash of the `Idempotency-Key`.
    pub name: String,
    /// Hash of the request: its route, parameters and body.
    pub request: String,
    /// The HTTP status of the first answer.
    pub status: u16,
    /// The user that was created, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// The keys that were created or changed.
    pub key_ids: Vec<KeyId>,
    /// The time of the first request.
    pub at: Time,
}

impl IdempotencyRecord {
    /// Adds the outcome.
    #[must_use]
    pub fn with(self, status: u16, user_id: Option<UserId>, key_ids: Vec<KeyId>) -> Self {
        Self { status, user_id, key_ids, ..self }
    }

    fn is_in_force(&self, now: Time) -> bool {
        self.at.is_within(RETENTION, now)
    }
}

impl Transaction<'_> {
    /// Refuses the transaction while another record of the same name is in force.
    pub(crate) fn claim_idempotency_key(&mut self, record: &IdempotencyRecord) {
        let expired = Expression::absent()
            .and(" OR #at <= :expired")
            .name("#at", "at")
            .value(":expired", number(record.at.plus(-RETENTION).seconds()));
        self.put(record_item(record), expired, OnConditionFailed::Refuse(domain::Error::InProgress));
    }
}

impl Table {
    /// Reads a user's idempotency record by the hash of its name, strongly. `None` if there is none, or
    /// none in force at `now`.
    pub async fn idempotency_record(
        &self,
        actor: UserId,
        name: &str,
        now: Time,
    ) -> Result<Option<IdempotencyRecord>, Error> {
        let record: Option<IdempotencyRecord> =
            self.get("idempotency record", item_key::idempotency(actor, name)).await?;
        Ok(record.filter(|record| record.is_in_force(now)))
    }
}

fn record_item(record: &IdempotencyRecord) -> Item {
    let mut item = encode(item_key::idempotency(record.actor, &record.name), record);
    item.insert("ttl".to_owned(), number(record.at.plus(2 * RETENTION).seconds()));
    item
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::tests::attributes;

    fn record(at: i64) -> IdempotencyRecord {
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
        let record = record(1_000);
        assert!(record.is_in_force(Time::from_seconds(1_000 + RETENTION - 1)));
        assert!(!record.is_in_force(Time::from_seconds(1_000 + RETENTION)));
    }

    #[test]
    fn a_record_holds_what_was_asked_and_what_came_of_it() {
        let item = record_item(&record(1_000));
        let stored = ["PK", "SK", "actor", "at", "key_ids", "name", "request", "status", "ttl"];
        assert_eq!(attributes(&item), stored);
        assert_eq!(item["ttl"], number(1_000 + 2 * RETENTION));
    }
}
