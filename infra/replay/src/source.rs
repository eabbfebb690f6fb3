//! The events that are repeated: those of the old table since the restored instant.

use std::collections::BTreeMap;

use domain::{Time, audit, id::OrganizationId};
use table::Table;
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
    /// The events of each organization, in the order of their ids, without their `changes`.
    pub events: BTreeMap<OrganizationId, Vec<audit::Event>>,
    /// One error text for each event that could not be read.
    pub unreadable: Vec<String>,
}

impl Source {
    /// Reads the events of a table: a scan of all its items.
    pub async fn scan(table: &Table, since: Time) -> Result<Self, Error> {
        let mut source = Self::default();
        let visit = |event: Result<audit::Event, table::Error>| match event {
            Ok(event) => source.add(event),
            Err(error) => source.unreadable.push(api::causes(&error)),
        };
        table.scan_audit_events(since.plus(-OVERLAP), visit).await?;
        for events in source.events.values_mut() {
            events.sort_by_key(|event| event.audit_id);
        }
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
        missing
    }

    fn add(&mut self, mut event: audit::Event) {
        event.changes.clear();
        self.events.entry(event.organization_id).or_default().push(event);
    }
}
