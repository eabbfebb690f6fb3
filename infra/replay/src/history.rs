//! The events in the restored table: those that were stored before the restored instant, and those that an earlier run repeated.

use std::collections::HashSet;

use domain::{
    Time,
    audit::{self, Actor},
    id::OrganizationId,
};
use table::{AuditFilter, Table};
use ulid::Ulid;

use crate::{Error, source::OVERLAP};

/// The id of the actor of all changes by a replay.
const ACTOR: &str = "replay";

/// The most events of one read.
const PAGE_SIZE: usize = 1_000;

/// Names a replay as the author of a change.
pub(crate) fn actor() -> Actor {
    Actor::system(ACTOR, ACTOR)
}

/// The events that the restored table holds of one organization.
#[derive(Debug, Default)]
pub(crate) struct History {
    stored: HashSet<Ulid>,
    /// For each change by a replay: the kind and id of its target, and the id of the event that it repeats.
    repeated: HashSet<(String, String, String)>,
}

impl History {
    pub(crate) async fn read(
        restored: &Table,
        organization_id: OrganizationId,
        since: Time,
        now: Time,
    ) -> Result<Self, Error> {
        let filter = AuditFilter { since: Some(since.plus(-OVERLAP)), ..AuditFilter::default() };
        let (mut history, mut after) = (Self::default(), None);
        loop {
            let page = restored.audit_events(organization_id, &filter, now, after, PAGE_SIZE).await?;
            page.items.into_iter().for_each(|event| history.add(event));
            after = page.next;
            if after.is_none() {
                return Ok(history);
            }
        }
    }

    fn add(&mut self, event: audit::Event) {
        self.stored.insert(event.audit_id);
        if event.actor.kind == "system" && event.actor.id == ACTOR {
            self.repeated.insert((event.target.kind, event.target.id, event.request_id));
        }
    }

    /// Tells whether the restored table holds an event. Then it holds the change too: both were stored in one transaction.
    pub(crate) fn holds(&self, event: &audit::Event) -> bool {
        self.stored.contains(&event.audit_id)
    }

    /// Tells whether an earlier run has changed a target because of an event.
    pub(crate) fn has_repeated(&self, kind: &str, id: &str, cause: &audit::Event) -> bool {
        self.repeated.contains(&(kind.to_owned(), id.to_owned(), cause.audit_id.to_string()))
    }
}
