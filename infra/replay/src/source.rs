//! The events that are repeated: those of the old table, or of an archive, since the restored instant.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashSet},
};

use domain::{
    Time,
    audit::{self, Actor},
    id::OrganizationId,
};
use serde_json::Value;
use table::{Table, UnusableEvent};
use ulid::Ulid;

use crate::{
    Error,
    events::effect_of,
    selection::{Capacity, Organizations},
};

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
    ///
    /// # Errors
    /// When the table fails, or when there are more events than memory holds.
    pub async fn scan(table: &Table, since: Time, organizations: &Organizations) -> Result<Self, Error> {
        let (mut source, mut capacity, mut fits) = (Self::default(), Capacity::new(), Ok(()));
        let visit = |event: Result<audit::Event, _>| match event {
            Ok(event) if !organizations.include(event.organization_id) || fits.is_err() => {}
            Ok(event) => {
                let event = Self::slim(event);
                fits = capacity.take(&event);
                source.add(event);
            }
            Err(unusable) => source.unusable.push(UnusableEvent::into(unusable)),
        };
        table.scan_audit_events(since.plus(-OVERLAP), visit).await?;
        fits?;
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

    /// Leaves out of an event what is not needed: all organizations are held at once.
    pub(crate) fn slim(mut event: audit::Event) -> audit::Event {
        event.changes.values_mut().for_each(|value| *value = Value::Null);
        (event.actor, event.source_ip, event.request_id) =
            (Actor::system("", ""), String::new(), String::new());
        event
    }

    pub(crate) fn add(&mut self, event: audit::Event) {
        self.events.entry(event.organization_id).or_default().push(event);
    }

    /// Sorts the events of each organization. Of those with one id the one that ends most comes last, and so is the cause.
    pub(crate) fn sort(&mut self) {
        for events in self.events.values_mut() {
            events.sort_by_key(|event| (event.audit_id, Reverse(effect_of(event))));
        }
    }
}
