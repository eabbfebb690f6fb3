use std::collections::HashMap;

use aws_sdk_dynamodb::{
    error::SdkError,
    operation::transact_write_items::{TransactWriteItemsError, TransactWriteItemsOutput},
    types::{AttributeValue, CancellationReason, ConditionCheck, Delete, Put, TransactWriteItem, Update},
};
use domain::audit;
use ulid::Ulid;

use crate::{
    Error, Table,
    item::{Item, encode, number, primary},
    key::{self, Key},
    retry::{MAX_ATTEMPTS, backoff},
};

/// What it means when a step's condition does not hold.
#[derive(Debug, Clone)]
pub(crate) enum Refusal {
    /// The request is refused for this reason.
    Because(domain::Error),
    /// What the change was decided on is no longer so: read again and decide again.
    LostRace,
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            OnConditionFailed::Refuse(reason) => Self::Refused(reason),
            OnConditionFailed::Conflict => Self::LostRace,
        }
    }
}

/// Writes that are done together or not at all, each with the refusal that its condition means.
#[derive(Debug, Default)]
pub(crate) struct Transaction {
    steps: Vec<(TransactWriteItem, Refusal)>,
}

/// An expression with the names and values it mentions.
#[derive(Debug, Default)]
pub(crate) struct Expression {
    pub(crate) text: String,
    pub(crate) names: HashMap<String, String>,
    pub(crate) values: Item,
}

impl Expression {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Appends to the text.
    pub(crate) fn and(mut self, text: &str) -> Self {
        self.text.push_str(text);
        self
    }

    /// Explains a `#name`; needed for reserved words and for parts of keys.
    pub(crate) fn name(mut self, name: &str, attribute: impl Into<String>) -> Self {
        self.names.insert(name.to_owned(), attribute.into());
        self
    }

    /// Explains a `:value`.
    pub(crate) fn value(mut self, name: &str, value: AttributeValue) -> Self {
        self.values.insert(name.to_owned(), value);
        self
    }
}

const ABSENT: &str = "attribute_not_exists(PK)";

impl Transaction {
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.steps.len()
    }

    /// Adds a new item, refused where one is there.
    pub(crate) fn create(&mut self, table: &Table, item: Item, taken: Refusal) {
        self.put(table, item, Expression::new(ABSENT), taken);
    }

    /// Puts an item in the place of what is there, refused where `condition` does not hold.
    pub(crate) fn put(&mut self, table: &Table, item: Item, condition: Expression, otherwise: Refusal) {
        let put = Put::builder()
            .table_name(&table.name)
            .set_item(Some(item))
            .condition_expression(condition.text)
            .set_expression_attribute_names(some(condition.names))
            .set_expression_attribute_values(some(condition.values));
        let put = put.build().expect("table and item are given");
        self.steps.push((TransactWriteItem::builder().put(put).build(), otherwise));
    }

    /// Changes an item, refused where `condition` does not hold.
    pub(crate) fn update(
        &mut self,
        table: &Table,
        key: Key,
        change: Expression,
        condition: &str,
        otherwise: Refusal,
    ) {
        let update = Update::builder()
            .table_name(&table.name)
            .set_key(Some(primary(key)))
            .update_expression(change.text)
            .condition_expression(condition)
            .set_expression_attribute_names(some(change.names))
            .set_expression_attribute_values(some(change.values));
        let update = update.build().expect("table, key and expression are given");
        self.steps.push((TransactWriteItem::builder().update(update).build(), otherwise));
    }

    /// Changes what differs between two states of an item, from the version of the first.
    ///
    /// What is the same in both is not touched, whoever else writes it.
    pub(crate) fn change(
        &mut self,
        table: &Table,
        key: Key,
        before: &Item,
        after: &Item,
        otherwise: Refusal,
    ) {
        let differing = after.iter().filter(|(name, value)| before.get(*name) != Some(value));
        let gone = before.keys().filter(|name| !after.contains_key(*name));
        let (mut set, mut remove) = (Vec::new(), Vec::new());
        let mut change = Expression::default();
        for (position, (name, value)) in differing.enumerate() {
            set.push(format!("#s{position} = :s{position}"));
            change =
                change.name(&format!("#s{position}"), name).value(&format!(":s{position}"), value.clone());
        }
        for (position, name) in gone.enumerate() {
            remove.push(format!("#r{position}"));
            change = change.name(&format!("#r{position}"), name);
        }
        let clause = |word: &str, parts: &[String]| match parts {
            [] => String::new(),
            parts => format!("{word} {} ", parts.join(", ")),
        };
        let text = format!("{}{}", clause("SET", &set), clause("REMOVE", &remove));
        let seen = before.get("version").cloned().expect("what is changed has a version");
        self.update(table, key, change.and(&text).value(":seen", seen), "version = :seen", otherwise);
    }

    /// Removes an item, refused where `condition` does not hold.
    pub(crate) fn delete(&mut self, table: &Table, key: Key, condition: Expression, otherwise: Refusal) {
        let delete = Delete::builder()
            .table_name(&table.name)
            .set_key(Some(primary(key)))
            .condition_expression(condition.text)
            .set_expression_attribute_names(some(condition.names))
            .set_expression_attribute_values(some(condition.values));
        let delete = delete.build().expect("table and key are given");
        self.steps.push((TransactWriteItem::builder().delete(delete).build(), otherwise));
    }

    /// Changes nothing; refused where `condition` does not hold.
    pub(crate) fn check(&mut self, table: &Table, key: Key, condition: Expression, otherwise: Refusal) {
        let check = ConditionCheck::builder()
            .table_name(&table.name)
            .set_key(Some(primary(key)))
            .condition_expression(condition.text)
            .set_expression_attribute_names(some(condition.names))
            .set_expression_attribute_values(some(condition.values));
        let check = check.build().expect("table, key and condition are given");
        self.steps.push((TransactWriteItem::builder().condition_check(check).build(), otherwise));
    }

    /// Adds the audit event of the change.
    pub(crate) fn record(&mut self, table: &Table, event: &audit::Event) {
        let mut item = encode(key::audit(event.organization_id, event.audit_id), event);
        item.insert("ttl".to_owned(), number(table.audit_kept_until(event.at).seconds()));
        self.create(table, item, OnConditionFailed::Conflict);
    }
}

impl Table {
    /// Does all steps, or none and says why.
    ///
    /// After [`Error::Failed`] it is unknown whether the steps were done.
    pub(crate) async fn commit(&self, transaction: Transaction) -> Result<(), Error> {
        let refusals: Vec<_> = transaction.steps.iter().map(|(_, refusal)| refusal.clone()).collect();
        match self.attempt(transaction).await?.first() {
            None => Ok(()),
            Some(step) => Err(refusals[*step].clone().into()),
        }
    }

    /// Does all steps, or none and returns the positions of those whose conditions do not hold.
    ///
    /// After [`Error::Failed`] it is unknown whether the steps were done. Conflicts with other
    /// transactions are waited out with the same client token, so that a lost reply cannot do the
    /// steps twice.
    pub(crate) async fn attempt(&self, transaction: Transaction) -> Result<Vec<usize>, Error> {
        const OPERATION: &str = "TransactWriteItems";
        let steps = transaction.steps.into_iter().map(|(step, _)| step).collect();
        let request = self
            .client
            .transact_write_items()
            .set_transact_items(Some(steps))
            .client_request_token(Ulid::generate().to_string());
        for attempt in 0..MAX_ATTEMPTS {
            match request.clone().send().await {
                Ok(TransactWriteItemsOutput { .. }) => return Ok(Vec::new()),
                Err(error) => match judge(&error) {
                    Verdict::Refused(steps) => return Ok(steps),
                    Verdict::Passing => backoff(attempt).await,
                    Verdict::Failed => return Err(Error::failed(OPERATION, error)),
                },
            }
        }
        Err(Error::Contended { operation: OPERATION })
    }
}

/// DynamoDB refuses empty maps of names and values.
fn some<V>(map: HashMap<String, V>) -> Option<HashMap<String, V>> {
    (!map.is_empty()).then_some(map)
}

enum Verdict {
    /// The conditions at these positions do not hold: never none.
    Refused(Vec<usize>),
    Passing,
    Failed,
}

fn judge<R>(error: &SdkError<TransactWriteItemsError, R>) -> Verdict {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            let reasons = cancelled.cancellation_reasons().iter().enumerate();
            let refused: Vec<_> = reasons
                .filter(|(_, reason)| reason.code() == Some("ConditionalCheckFailed"))
                .map(|(position, _)| position)
                .collect();
            if !refused.is_empty() {
                Verdict::Refused(refused)
            } else if cancelled.cancellation_reasons().iter().any(passing) {
                Verdict::Passing
            } else {
                Verdict::Failed
            }
        }
        Some(TransactWriteItemsError::TransactionInProgressException(_)) => Verdict::Passing,
        _ => Verdict::Failed,
    }
}

fn passing(reason: &CancellationReason) -> bool {
    matches!(reason.code(), Some("TransactionConflict" | "ProvisionedThroughputExceeded" | "ThrottlingError"))
}
