//! A request to the table whose expressions may differ.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::clauses::{ALWAYS, ClauseMutant, clauses, mutants_of, words};
use crate::runtime::Caller;

/// The expressions that have mutants.
const CHECKED: [&str; 3] = ["ConditionExpression", "FilterExpression", RANGE];

/// The range of a query. DynamoDB requires its first clause, which names the partition.
const RANGE: &str = "KeyConditionExpression";

/// The other expressions of a request.
const OTHERS: [&str; 2] = ["UpdateExpression", "ProjectionExpression"];

/// One write of a request, or a query.
pub(super) struct TableRequest<'r> {
    action: String,
    /// The step of a transaction that holds it; `None` for a request of its own.
    step: Option<&'r mut Value>,
    own: Option<&'r mut Value>,
    /// The action of the first audit event of the transaction.
    event: Option<String>,
}

/// An expression that differs.
pub(super) struct Mutant {
    pub(super) name: String,
    expression: &'static str,
    /// Which of its clauses.
    position: usize,
    clause: String,
}

/// Splits a request into its writes. A query is returned whole.
pub(super) fn table_requests<'r>(operation: &str, request: &'r mut Value) -> Vec<TableRequest<'r>> {
    match operation {
        "TransactWriteItems" => {
            let event = request["TransactItems"].as_array().into_iter().flatten().find_map(event_of);
            let event = event.map(str::to_owned);
            let steps = request["TransactItems"].as_array_mut().into_iter().flatten();
            let split = |step: &'r mut Value| {
                let action = step.as_object()?.keys().next()?.clone();
                let event = event_of(step).map(str::to_owned).or_else(|| event.clone());
                Some(TableRequest { action, step: Some(step), own: None, event })
            };
            steps.filter_map(split).collect()
        }
        "PutItem" | "UpdateItem" | "DeleteItem" => {
            let action = operation.trim_end_matches("Item").to_owned();
            vec![TableRequest { action, step: None, own: Some(request), event: None }]
        }
        "Query" => {
            vec![TableRequest { action: operation.to_owned(), step: None, own: Some(request), event: None }]
        }
        _ => Vec::new(),
    }
}

/// Returns the action of the audit event that a step of a transaction puts.
fn event_of(step: &Value) -> Option<&str> {
    step["Put"]["Item"]["action"]["S"].as_str()
}

impl TableRequest<'_> {
    fn body(&self) -> &Value {
        self.step
            .as_deref()
            .map_or_else(|| self.own.as_deref().unwrap_or(&Value::Null), |step| &step[&self.action])
    }

    fn body_mut(&mut self) -> &mut Value {
        match (&mut self.step, &mut self.own) {
            (Some(step), _) => &mut step[&self.action],
            (None, Some(own)) => own,
            (None, None) => unreachable!("a request has a body"),
        }
    }

    /// Names it without its expressions.
    pub(super) fn prefix(&self, caller: &Caller) -> String {
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

    /// Tells whether it puts an item beside others: an audit event, a notification, a record of a request.
    pub(super) fn is_record(&self) -> bool {
        self.action == "Put" && self.step.is_some()
    }

    /// Checks in its place a condition that always holds, so that the other steps keep their positions.
    pub(super) fn leave_out(&mut self) -> bool {
        let put = self.body();
        let key = json!({ "PK": put["Item"]["PK"], "SK": put["Item"]["SK"] });
        let check = json!({ "TableName": put["TableName"], "Key": key, "ConditionExpression": ALWAYS });
        if let Some(step) = &mut self.step {
            **step = json!({ "ConditionCheck": check });
            "ConditionCheck".clone_into(&mut self.action);
        }
        true
    }

    /// Lists how each of its expressions may differ.
    pub(super) fn mutants(&self) -> Vec<Mutant> {
        let mut found = Vec::new();
        for expression in CHECKED {
            for (position, clause) in self.clauses(expression).iter().enumerate() {
                let is_partition = expression == RANGE && position == 0;
                let mutants = mutants_of(clause).into_iter();
                let possible = mutants.filter(|mutant| !(is_partition && mutant.is_left_out));
                found.extend(possible.map(|ClauseMutant { name, clause, .. }| Mutant {
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
    pub(super) fn apply(&mut self, mutant: &Mutant) -> bool {
        let mut changed = self.clauses(mutant.expression);
        changed[mutant.position].clone_from(&mutant.clause);
        // A range has no condition that always holds.
        changed.retain(|clause| mutant.expression != RANGE || clause != ALWAYS);
        let body = self.body_mut();
        body[mutant.expression] = Value::String(changed.join(" AND "));
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
