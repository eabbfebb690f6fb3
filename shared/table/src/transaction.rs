//! Transactions: conditional writes that are done together or not at all.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    operation::transact_write_items::TransactWriteItemsOutput,
    types::{ConditionCheck, Delete, Put, TransactWriteItem, Update},
};
use domain::audit;
use ulid::Ulid;

use crate::{
    Error, Table,
    expression::Expression,
    item::{Item, encode, number, primary},
    item_key::{self, ItemKey},
    retry::{MAX_ATTEMPTS, backoff},
};

mod outcome;

use outcome::{Outcome, outcome_of};

/// The most steps that DynamoDB takes in one transaction.
pub(crate) const MAX_STEPS: usize = 100;

/// What a step's failed condition means for the request.
#[derive(Debug, Clone)]
pub(crate) enum OnConditionFailed {
    /// The request is refused for this reason.
    Refuse(domain::Error),
    /// Another request changed the item meanwhile: read again and decide again.
    Conflict,
}

impl From<OnConditionFailed> for Error {
    fn from(meaning: OnConditionFailed) -> Self {
        match meaning {
            OnConditionFailed::Refuse(reason) => Self::Refused(reason),
            OnConditionFailed::Conflict => Self::Conflict,
        }
    }
}

/// Writes that are done together or not at all, each with the meaning of its failed condition.
#[derive(Debug)]
pub(crate) struct Transaction<'t> {
    pub(crate) table: &'t Table,
    steps: Vec<(TransactWriteItem, OnConditionFailed)>,
}

impl<'t> Transaction<'t> {
    /// Starts a transaction without steps.
    pub(crate) const fn new(table: &'t Table) -> Self {
        Self { table, steps: Vec::new() }
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.steps.len()
    }

    /// Adds a new item, refused where one is there.
    pub(crate) fn create(&mut self, item: Item, taken: OnConditionFailed) {
        self.put(item, Expression::absent(), taken);
    }

    /// Puts an item in the place of what is there, refused where `condition` does not hold. An empty condition always
    /// holds.
    pub(crate) fn put(&mut self, item: Item, condition: Expression, otherwise: OnConditionFailed) {
        let put = Put::builder()
            .table_name(&self.table.name)
            .set_item(Some(item))
            .set_condition_expression(Some(condition.text).filter(|text| !text.is_empty()))
            .set_expression_attribute_names(some(condition.names))
            .set_expression_attribute_values(some(condition.values));
        let put = put.build().expect("table and item are given");
        self.steps.push((TransactWriteItem::builder().put(put).build(), otherwise));
    }

    /// Changes an item, refused where `condition` does not hold. An empty condition always holds.
    pub(crate) fn update(
        &mut self,
        key: ItemKey,
        mut change: Expression,
        condition: Expression,
        otherwise: OnConditionFailed,
    ) {
        change.names.extend(condition.names);
        change.values.extend(condition.values);
        let update = Update::builder()
            .table_name(&self.table.name)
            .set_key(Some(primary(key)))
            .update_expression(change.text)
            .set_condition_expression(Some(condition.text).filter(|text| !text.is_empty()))
            .set_expression_attribute_names(some(change.names))
            .set_expression_attribute_values(some(change.values));
        let update = update.build().expect("table, key and expression are given");
        self.steps.push((TransactWriteItem::builder().update(update).build(), otherwise));
    }

    /// Changes what differs between two states of an item, from the version of the first.
    ///
    /// What is the same in both is not touched, whoever else writes it.
    pub(crate) fn change(&mut self, key: ItemKey, before: &Item, after: &Item, otherwise: OnConditionFailed) {
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
        let seen = before.get("version").cloned().expect("every changed item has a version");
        let unchanged = Expression::new("version = :seen").value(":seen", seen);
        self.update(key, change.and(&text), unchanged, otherwise);
    }

    /// Removes an item, refused where `condition` does not hold.
    pub(crate) fn delete(&mut self, key: ItemKey, condition: Expression, otherwise: OnConditionFailed) {
        let delete = Delete::builder()
            .table_name(&self.table.name)
            .set_key(Some(primary(key)))
            .condition_expression(condition.text)
            .set_expression_attribute_names(some(condition.names))
            .set_expression_attribute_values(some(condition.values));
        let delete = delete.build().expect("table and key are given");
        self.steps.push((TransactWriteItem::builder().delete(delete).build(), otherwise));
    }

    /// Changes nothing; refused where `condition` does not hold.
    pub(crate) fn check(&mut self, key: ItemKey, condition: Expression, otherwise: OnConditionFailed) {
        let check = ConditionCheck::builder()
            .table_name(&self.table.name)
            .set_key(Some(primary(key)))
            .condition_expression(condition.text)
            .set_expression_attribute_names(some(condition.names))
            .set_expression_attribute_values(some(condition.values));
        let check = check.build().expect("table, key and condition are given");
        self.steps.push((TransactWriteItem::builder().condition_check(check).build(), otherwise));
    }

    /// Adds the audit event of the change.
    pub(crate) fn record(&mut self, event: &audit::Event) {
        let mut item = encode(item_key::audit(event.organization_id, event.audit_id), event);
        item.insert("ttl".to_owned(), number(self.table.audit_kept_until(event.at).seconds()));
        self.create(item, OnConditionFailed::Conflict);
    }

    /// Does all steps, or none and says why.
    ///
    /// After [`Error::Failed`] it is unknown whether the steps were done.
    pub(crate) async fn commit(self) -> Result<(), Error> {
        let meanings: Vec<_> = self.steps.iter().map(|(_, meaning)| meaning.clone()).collect();
        match self.attempt().await?.first() {
            None => Ok(()),
            Some(step) => Err(meanings[*step].clone().into()),
        }
    }

    /// Does all steps, or none and returns the positions of those whose conditions do not hold.
    ///
    /// After [`Error::Failed`] it is unknown whether the steps were done. Conflicts with other
    /// transactions are waited out with the same client token, so that a lost reply cannot do the
    /// steps twice.
    pub(crate) async fn attempt(self) -> Result<Vec<usize>, Error> {
        const OPERATION: &str = "TransactWriteItems";
        let steps = self.steps.into_iter().map(|(step, _)| step).collect();
        let request = self
            .table
            .client
            .transact_write_items()
            .set_transact_items(Some(steps))
            .client_request_token(Ulid::generate().to_string());
        for attempt in 0..MAX_ATTEMPTS {
            backoff(attempt).await;
            match request.clone().send().await {
                Ok(TransactWriteItemsOutput { .. }) => return Ok(Vec::new()),
                Err(error) => match outcome_of(&error) {
                    Outcome::Refused(steps) => return Ok(steps),
                    Outcome::Conflict => {}
                    Outcome::Passing if attempt + 1 < MAX_ATTEMPTS => {}
                    Outcome::Passing | Outcome::Failed => return Err(Error::failed(OPERATION, error)),
                },
            }
        }
        Err(Error::Contended { operation: OPERATION })
    }
}

impl Table {
    /// Adds one step for each item, and does those whose conditions hold.
    ///
    /// After [`Error::Failed`] it is unknown which steps were done.
    pub(crate) async fn change_each<'t, T: Copy>(
        &'t self,
        items: &[T],
        add: impl Fn(&mut Transaction<'t>, T),
    ) -> Result<(), Error> {
        for items in items.chunks(MAX_STEPS) {
            let mut open = items.to_vec();
            while !open.is_empty() {
                let mut transaction = Transaction::new(self);
                for item in &open {
                    add(&mut transaction, *item);
                }
                let refused = transaction.attempt().await?;
                if refused.is_empty() {
                    break;
                }
                let kept = open.iter().enumerate().filter(|(step, _)| !refused.contains(step));
                open = kept.map(|(_, item)| *item).collect();
            }
        }
        Ok(())
    }
}

/// DynamoDB refuses empty maps of names and values.
fn some<V>(map: HashMap<String, V>) -> Option<HashMap<String, V>> {
    (!map.is_empty()).then_some(map)
}
