//! Mutants of what functions ask of the table. Of a write: a condition is left out, has another boundary or misses an operand,
//! or an item is not put. Of a query or a scan: its filter differs so, or its range of keys has another boundary.
//!
//! Each has a name that says which function sends the request, what it does to which item, for which audit event, and what is
//! left out: `revoke-access-key Update USER/KEY of access_key.revoked: version = :seen`,
//! `rotate-access-key Put ORG/id of access_key.rotated`. An update without an event is named after what it changes:
//! `notify-expiring-keys Update USER/MAIL of due_at, due_shard, status, ttl: lease = :lease`. What is only changed says how:
//! `notify-expiring-keys Query due: due_at <= :now, < for <=`. A test under which a mutant changes nothing does not test
//! the condition.

mod clauses;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use serde_json::{Value, json};

use self::clauses::{Mutant, clauses, mutants_of, words};
use super::calls::Service;
use crate::runtime::Caller;

/// What happens to the writes of functions on their way to `DynamoDB`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Writes {
    /// Nothing.
    #[default]
    AsSent,
    /// Nothing. The names of all mutants are collected, and marked where the table refused the condition.
    Collected,
    /// These mutants are made, together.
    Mutated(Vec<String>),
}

/// The mutants of the writes that a stack has seen.
#[derive(Debug, Default)]
pub(crate) struct Mutants {
    writes: Writes,
    seen: Mutex<BTreeSet<String>>,
}

/// The expressions that have mutants.
const CHECKED: [&str; 3] = ["ConditionExpression", "FilterExpression", RANGE];

/// The range of a query. DynamoDB requires its clauses, so only their boundaries differ.
const RANGE: &str = "KeyConditionExpression";

/// The other expressions of a request.
const OTHERS: [&str; 2] = ["UpdateExpression", "ProjectionExpression"];

impl Mutants {
    pub(crate) fn new(writes: Writes) -> Self {
        Self { writes, seen: Mutex::default() }
    }

    /// Returns the collected names, in order. A name comes a second time, with `\trefused` at its end, if the table refused the
    /// condition.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.lock().iter().cloned().collect()
    }

    /// Tells whether mutants are collected.
    pub(super) fn collects(&self) -> bool {
        self.writes == Writes::Collected
    }

    /// Notes all clauses of each condition that the table refused: it does not say which of them failed.
    pub(super) fn note_refused(&self, operation: &str, caller: &Caller, body: &[u8], refusal: &[u8]) {
        let Ok(mut request) = serde_json::from_slice::<Value>(body) else { return };
        let Ok(refusal) = serde_json::from_slice::<Value>(refusal) else { return };
        let is_alone =
            refusal["__type"].as_str().is_some_and(|kind| kind.ends_with("#ConditionalCheckFailedException"));
        for (step, write) in writes_of(operation, &mut request).into_iter().enumerate() {
            if is_alone || refusal["CancellationReasons"][step]["Code"] == "ConditionalCheckFailed" {
                let prefix = write.prefix(caller);
                let names =
                    write.changes().into_iter().map(|change| format!("{prefix}: {}\trefused", change.name));
                self.lock().extend(names);
            }
        }
    }

    /// Returns the body to forward.
    pub(super) fn pass(
        &self,
        service: Service,
        operation: &str,
        caller: Option<&Caller>,
        body: Bytes,
    ) -> Bytes {
        let (Service::DynamoDb, Some(caller)) = (service, caller) else { return body };
        if self.writes == Writes::AsSent {
            return body;
        }
        let Ok(mut request) = serde_json::from_slice::<Value>(&body) else { return body };
        let mut changed = false;
        for mut write in writes_of(operation, &mut request) {
            let prefix = write.prefix(caller);
            if write.is_record() {
                changed |= self.strikes(prefix.clone()) && write.leave_out();
            }
            for change in write.changes() {
                changed |= self.strikes(format!("{prefix}: {}", change.name)) && write.apply(&change);
            }
        }
        if changed { request.to_string().into() } else { body }
    }

    /// Tells whether the mutant of this name is made. Collects the name if names are collected.
    fn strikes(&self, name: String) -> bool {
        match &self.writes {
            Writes::AsSent => false,
            Writes::Mutated(wanted) => wanted.contains(&name),
            Writes::Collected => {
                self.lock().insert(name);
                false
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One write of a request, or a query.
struct Write<'r> {
    action: String,
    /// The step of a transaction that holds the write; `None` for a request of its own.
    step: Option<&'r mut Value>,
    own: Option<&'r mut Value>,
    /// The action of the first audit event of the transaction.
    event: Option<String>,
}

/// An expression that differs.
struct Change {
    name: String,
    expression: &'static str,
    /// Which of its clauses.
    position: usize,
    clause: String,
}

fn writes_of<'r>(operation: &str, request: &'r mut Value) -> Vec<Write<'r>> {
    match operation {
        "TransactWriteItems" => {
            let event = request["TransactItems"].as_array().into_iter().flatten().find_map(event_of);
            let event = event.map(str::to_owned);
            let steps = request["TransactItems"].as_array_mut().into_iter().flatten();
            let write = |step: &'r mut Value| {
                let action = step.as_object()?.keys().next()?.clone();
                let event = event_of(step).map(str::to_owned).or_else(|| event.clone());
                Some(Write { action, step: Some(step), own: None, event })
            };
            steps.filter_map(write).collect()
        }
        "PutItem" | "UpdateItem" | "DeleteItem" => {
            let action = operation.trim_end_matches("Item").to_owned();
            vec![Write { action, step: None, own: Some(request), event: None }]
        }
        "Query" | "Scan" => {
            vec![Write { action: operation.to_owned(), step: None, own: Some(request), event: None }]
        }
        _ => Vec::new(),
    }
}

/// Returns the action of the audit event that a step of a transaction puts.
fn event_of(step: &Value) -> Option<&str> {
    step["Put"]["Item"]["action"]["S"].as_str()
}

impl Write<'_> {
    fn body(&self) -> &Value {
        self.step
            .as_deref()
            .map_or_else(|| self.own.as_deref().unwrap_or(&Value::Null), |step| &step[&self.action])
    }

    fn body_mut(&mut self) -> &mut Value {
        match (&mut self.step, &mut self.own) {
            (Some(step), _) => &mut step[&self.action],
            (None, Some(own)) => own,
            (None, None) => unreachable!("a write has a body"),
        }
    }

    /// Names the write without its condition.
    fn prefix(&self, caller: &Caller) -> String {
        let of = self.event.clone().or_else(|| self.changed());
        let of = of.map(|of| format!(" of {of}")).unwrap_or_default();
        format!("{} {} {}{of}", caller.function, self.action, self.item())
    }

    /// Lists the attributes that an update changes.
    fn changed(&self) -> Option<String> {
        let expression = self.body()["UpdateExpression"].as_str()?;
        let paths = expression.split([' ', ',']).map(|word| word.split('.').next().unwrap_or_default());
        let is_name = |word: &&str| {
            word.starts_with(|c: char| c == '#' || c.is_ascii_lowercase()) && !word.contains('(')
        };
        let names: BTreeSet<_> = paths.filter(is_name).map(|name| self.named(name)).collect();
        Some(names.into_iter().collect::<Vec<_>>().join(", "))
    }

    /// Returns the entities of the item's two keys, such as `USER/KEY`; `id` where a key is no more than an id. Of a query it is
    /// the index.
    fn item(&self) -> String {
        if self.body().get("Key").or(self.body().get("Item")).is_none() {
            return self.body()["IndexName"].as_str().unwrap_or("table").to_owned();
        }
        let key = if self.action == "Put" { &self.body()["Item"] } else { &self.body()["Key"] };
        let entity = |name: &str| {
            let first = key[name]["S"].as_str()?.split('#').next()?;
            first.bytes().all(|c| c.is_ascii_uppercase() || c == b'_').then_some(first)
        };
        let entity = |name: &str| entity(name).unwrap_or("id");
        format!("{}/{}", entity("PK"), entity("SK"))
    }

    /// Tells whether the write puts an item beside others: an audit event, a notification, a record of a request.
    fn is_record(&self) -> bool {
        self.action == "Put" && self.step.is_some()
    }

    /// Checks in its place a condition that always holds, so that the other steps keep their positions.
    fn leave_out(&mut self) -> bool {
        let put = self.body();
        let key = json!({ "PK": put["Item"]["PK"], "SK": put["Item"]["SK"] });
        let check =
            json!({ "TableName": put["TableName"], "Key": key, "ConditionExpression": clauses::ALWAYS });
        if let Some(step) = &mut self.step {
            **step = json!({ "ConditionCheck": check });
            "ConditionCheck".clone_into(&mut self.action);
        }
        true
    }

    fn changes(&self) -> Vec<Change> {
        let mut found = Vec::new();
        for expression in CHECKED {
            for (position, clause) in self.clauses(expression).iter().enumerate() {
                let mutants = mutants_of(clause).into_iter();
                let possible = mutants.filter(|mutant| expression != RANGE || !mutant.is_left_out);
                found.extend(possible.map(|Mutant { name, clause, .. }| Change {
                    name: self.named(&name),
                    expression,
                    position,
                    clause,
                }));
            }
        }
        found
    }

    fn clauses(&self, expression: &str) -> Vec<String> {
        self.body()[expression].as_str().map(clauses).unwrap_or_default()
    }

    /// Replaces the placeholders of names in a clause.
    fn named(&self, clause: &str) -> String {
        let names = self.body()["ExpressionAttributeNames"].as_object().cloned().unwrap_or_default();
        let names: BTreeMap<_, _> =
            names.iter().filter_map(|(short, name)| Some((short, name.as_str()?))).collect();
        names
            .iter()
            .rev()
            .fold(clause.to_owned(), |clause, (short, name)| clause.replace(short.as_str(), name))
    }

    /// Puts another clause in its place, without the names and values that nothing uses any more.
    fn apply(&mut self, change: &Change) -> bool {
        let mut changed = self.clauses(change.expression);
        changed[change.position].clone_from(&change.clause);
        let body = self.body_mut();
        body[change.expression] = Value::String(changed.join(" AND "));
        let all = CHECKED.into_iter().chain(OTHERS).map(|name| body[name].as_str().unwrap_or_default());
        let used = words(&all.collect::<Vec<_>>().join(" "));
        for name in ["ExpressionAttributeNames", "ExpressionAttributeValues"] {
            let Some(Value::Object(mut map)) = body.as_object_mut().and_then(|body| body.remove(name)) else {
                continue;
            };
            map.retain(|key, _| used.contains(key));
            if !map.is_empty() {
                body[name] = Value::Object(map);
            }
        }
        true
    }
}

#[cfg(test)]
mod tests;
