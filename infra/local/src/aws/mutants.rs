//! Mutants of what functions ask of the table. Of a write: a condition is left out, has another boundary or misses an operand,
//! or an item is not put. Of a query: its filter and its range of keys differ in the same ways.
//!
//! Each has a name that says which function sends the request, what it does to which item, for which audit event, and the
//! clause: `revoke-access-key Update USER/KEY of access_key.revoked: version = :seen`,
//! `rotate-access-key Put ORG/id of access_key.rotated`. An update without an event is named after what it changes:
//! `notify-expiring-keys Update USER/MAIL of due_at, due_shard, status, ttl: lease = :lease`. A clause that is
//! changed and not left out has the change at the end of its name: `notify-expiring-keys Query due: due_at <= :now, < for <=`. A test under which a mutant changes nothing does not test
//! the condition.

mod clauses;
mod table_request;

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use serde_json::Value;

use self::table_request::table_requests;
use super::calls::Service;
use crate::runtime::Caller;

/// What happens to the requests of functions on their way to `DynamoDB`.
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

/// The mutants of the requests that a stack has seen.
#[derive(Debug, Default)]
pub(crate) struct Mutants {
    writes: Writes,
    seen: Mutex<BTreeSet<String>>,
}

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
        for (step, sent) in table_requests(operation, &mut request).into_iter().enumerate() {
            if is_alone || refusal["CancellationReasons"][step]["Code"] == "ConditionalCheckFailed" {
                let prefix = sent.prefix(caller);
                let names =
                    sent.mutants().into_iter().map(|mutant| format!("{prefix}: {}\trefused", mutant.name));
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
        for mut sent in table_requests(operation, &mut request) {
            let prefix = sent.prefix(caller);
            if sent.is_record() {
                changed |= self.strikes(prefix.clone()) && sent.leave_out();
            }
            for mutant in sent.mutants() {
                changed |= self.strikes(format!("{prefix}: {}", mutant.name)) && sent.apply(&mutant);
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

#[cfg(test)]
mod tests;
