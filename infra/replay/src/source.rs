//! The events that are repeated: those of the old table, or of an archive, since the restored instant.

use std::collections::{BTreeMap, HashSet};

use domain::{Time, audit, id::OrganizationId};
use serde_json::Value;
use table::{Table, UnusableEvent};
use ulid::Ulid;

use crate::Error;

/// Seconds before the restored instant from which events are read.
///
/// The id of an event carries the time at which its request began. A request that began before the restored instant may have
/// been stored after it, at most as long as a function may run. Events that the restored table holds are left out by their ids.
pub const OVERLAP: i64 = 900;

/// The events of all organizations.
#[derive(Debug, Default)]
pub struct Source {
    /// The events of each organization, in the order of their ids. Of their `changes` they have the names alone.
    pub events: BTreeMap<OrganizationId, Vec<audit::Event>>,
    /// The ids of the events that are not repeated.
    pub excluded: HashSet<Ulid>,
    /// The events that could not be used.
    pub unusable: Vec<Unusable>,
    /// Whether events may be missing that a later run has: those of a damaged line, or that an archive got late.
    pub may_lack_events: bool,
}

/// An event that cannot be used. It quotes nothing of the event.
#[derive(Debug)]
pub struct Unusable {
    /// `audit_event` for an item of the old table, `archive_line` for a line of an archive.
    pub kind: &'static str,
    /// The id of the event, or the number of the line.
    pub id: String,
    /// Why it cannot be used.
    pub reason: &'static str,
}

impl Unusable {
    pub(crate) fn line(number: usize, reason: &'static str) -> Self {
        Self { kind: "archive_line", id: number.to_string(), reason }
    }
}

impl From<UnusableEvent> for Unusable {
    fn from(event: UnusableEvent) -> Self {
        Self { kind: "audit_event", id: event.sort_key, reason: event.reason }
    }
}

impl Source {
    /// Reads the events of a table: a scan of all its items.
    pub async fn scan(table: &Table, since: Time) -> Result<Self, Error> {
        let mut source = Self::default();
        let visit = |event| match event {
            Ok(event) => source.add(event),
            Err(unusable) => source.unusable.push(UnusableEvent::into(unusable)),
        };
        table.scan_audit_events(since.plus(-OVERLAP), visit).await?;
        source.sort();
        Ok(source)
    }

    /// Excludes events, such as the mistake that is the reason for the restore. Returns the ids that no event has.
    pub fn leave_out(&mut self, audit_ids: &[Ulid]) -> Vec<Ulid> {
        let mut missing = audit_ids.to_vec();
        for events in self.events.values_mut() {
            events.retain(|event| {
                missing.retain(|id| *id != event.audit_id);
                !audit_ids.contains(&event.audit_id)
            });
        }
        self.excluded.extend(audit_ids);
        missing
    }

    pub(crate) fn add(&mut self, mut event: audit::Event) {
        // All organizations are held at once, so what is not needed goes.
        event.changes.values_mut().for_each(|value| *value = Value::Null);
        (event.actor.name, event.source_ip, event.request_id) = Default::default();
        self.events.entry(event.organization_id).or_default().push(event);
    }

    pub(crate) fn sort(&mut self) {
        for events in self.events.values_mut() {
            events.sort_by_key(|event| event.audit_id);
        }
    }
}
