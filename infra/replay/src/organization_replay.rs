//! The steps of a replay in one organization: their order, their audit events, and the failures that stay with one step.

use std::{collections::HashMap, fmt::Display, io::Write};

use domain::{
    Time,
    audit::{self, Action, Event as AuditEvent, Origin, Target, differences},
    id::OrganizationId,
};
use serde_json::{Value, json};
use table::Table;
use ulid::Ulid;

use crate::{
    Error, Replay,
    events::{Targets, because, concern},
    history::{ALSO, Decision, History, actor},
    old::OldItem,
    report::{Outcome, Report},
    source::OVERLAP,
    users::ended_users,
};

/// The most events that a change names: 28 bytes each, and an item of the table has at most 400 KB.
const MAX_NAMED: usize = 2_000;

/// The outcome of a step for its target, with the reason; `None` if there is nothing to report.
pub(crate) type StepResult = Result<Option<(Outcome, String)>, Error>;

/// The replay of one organization.
pub(crate) struct OrganizationReplay<'a> {
    pub(crate) replay: &'a Replay,
    pub(crate) organization_id: OrganizationId,
    pub(crate) history: History,
    /// The ids, in order, of the events of each target that a change names: those of the last [`OVERLAP`] seconds, or all if
    /// events may be missing before them.
    named: HashMap<Target, Vec<Ulid>>,
}

impl<'a> OrganizationReplay<'a> {
    pub(crate) fn new(
        replay: &'a Replay,
        organization_id: OrganizationId,
        events: &[audit::Event],
        history: History,
    ) -> Self {
        let from = replay.at.time().plus(-OVERLAP);
        let mut named: HashMap<_, Vec<_>> = HashMap::new();
        for event in events.iter().filter(|event| history.may_lack_events || event.at >= from) {
            named.entry(event.target.clone()).or_default().push(event.audit_id);
        }
        Self { replay, organization_id, history, named }
    }

    /// Repeats the events of the organization.
    ///
    /// Keys end first. Then users change, which may need several attempts: an organization keeps an owner at each moment.
    pub(crate) async fn repeat<W: Write>(
        &self,
        events: &[audit::Event],
        report: &mut Report<W>,
    ) -> Result<(), Error> {
        let targets = Targets::of(events);
        for event in &targets.unknown {
            let target = (event.target.kind.as_str(), &event.target.id);
            let reason = format!("{}: an event of a newer version", event.action);
            report.add(Outcome::Unresolved, self.organization_id, target, reason)?;
        }
        if self.ends_with_organization(&targets, report).await? {
            return Ok(());
        }
        self.repeat_organization(&targets.organization, report).await?;
        let ended = ended_users(&targets.users);
        self.repeat_keys(&targets.keys, &ended, report).await?;
        self.repeat_users(&targets.users, report).await?;
        self.repeat_catalog(&targets, report).await
    }

    /// Reads an item of the old table. Without an old table no item can be read.
    pub(crate) async fn old<T, F: Future<Output = Result<Option<T>, table::Error>>>(
        &self,
        read: impl FnOnce(&'a Table) -> F,
    ) -> Result<OldItem<T>, Error> {
        match &self.replay.old {
            Some(old) => Ok(OldItem::of(read(old).await)?),
            None => Ok(OldItem::Unreadable),
        }
    }

    /// Says in a reason why an item of the old table is not known.
    pub(crate) const fn unreadable(&self) -> &'static str {
        if self.replay.old.is_some() {
            "cannot be read in the old table"
        } else {
            "cannot be copied without the old table"
        }
    }

    pub(crate) const fn restored(&self) -> &Table {
        &self.replay.restored
    }

    pub(crate) fn now(&self) -> Time {
        self.replay.at.time()
    }

    /// Makes the audit event of a repeated change. Its `request_id` is the id of the event that caused it.
    /// [`ALSO`] names those of the same target before that.
    pub(crate) fn event(
        &self,
        action: Action,
        target_id: impl Display,
        cause: &AuditEvent,
        changes: impl Into<Value>,
    ) -> AuditEvent {
        let (source_ip, request_id) = (String::new(), cause.audit_id.to_string());
        let origin = Origin { at: self.replay.at, actor: actor(), source_ip, request_id };
        let mut event = AuditEvent::new(origin, self.organization_id, action, target_id, changes);
        if event.target == cause.target {
            let named = self.named.get(&event.target).map_or(&[][..], Vec::as_slice);
            let also = latest_before(named, cause.audit_id);
            if !also.is_empty() {
                event.changes.insert(ALSO.to_owned(), json!(also));
            }
        }
        event
    }

    /// Records that an event changes nothing of a target, so that no later run repeats it on what somebody decides meanwhile.
    pub(crate) async fn mark(
        &self,
        action: Action,
        target_id: impl Display,
        cause: &AuditEvent,
    ) -> Result<(), Error> {
        if !self.replay.dry_run {
            self.restored().record_audit_event(&self.event(action, target_id, cause, json!({}))).await?;
        }
        Ok(())
    }

    /// Tells whether an item is one of the organization whose events are repeated. Else its events are forged or damaged.
    pub(crate) fn owns(&self, organization_id: OrganizationId) -> bool {
        organization_id == self.organization_id
    }

    /// Reports the outcome of a step; `None` adds no line. Reports an error that concerns this step alone as unresolved, so
    /// that the other steps continue.
    ///
    /// # Errors
    /// Any other error.
    pub(crate) fn report<W: Write>(
        &self,
        report: &mut Report<W>,
        target: (&str, impl Display),
        done: StepResult,
    ) -> Result<(), Error> {
        let (outcome, reason) = match done {
            Ok(Some(done)) => done,
            Ok(None) => return Ok(()),
            Err(error) if error.is_of_step() => (Outcome::Unresolved, error.shown()),
            Err(error) => return Err(error),
        };
        Ok(report.add(outcome, self.organization_id, target, reason)?)
    }
}

/// Returns the ids before an event: the latest of them, as many as an item of the table has room for. A later run repeats the
/// others once more, which only ends things or sets them as in the old table.
fn latest_before(named: &[Ulid], cause: Ulid) -> Vec<String> {
    let before = &named[..named.partition_point(|id| *id < cause)];
    before[before.len().saturating_sub(MAX_NAMED)..].iter().map(Ulid::to_string).collect()
}

/// Returns what is left of the changes that `missed` events made: the fields in which a target differs from the old table.
///
/// Somebody who changed the target in the restored table wanted it so. Nobody else did.
pub(crate) fn rest(
    last: &AuditEvent,
    (now, old): (&Value, &Value),
    missed: &[&AuditEvent],
    decision: Option<&Decision>,
) -> Option<(Outcome, String)> {
    let fields = differences(now, old).into_iter().map(|(field, _)| field);
    let fields: Vec<_> = fields.filter(|field| concern(missed, field)).collect();
    if fields.is_empty() {
        return None;
    }
    let (outcome, why) = match decision {
        Some(_) => (Outcome::Left, "somebody changed it in the restored table since"),
        None => (Outcome::Unresolved, "not as in the old table"),
    };
    Some((outcome, because(last, format!("{}: {why}", fields.join(", ")))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_names_the_latest_events_before_its_cause_and_no_more_than_an_item_has_room_for() {
        let ids: Vec<_> = (0..20_000).map(|number| Ulid::from_parts(number, 0)).collect();
        let named = latest_before(&ids, ids[15_000]);
        assert_eq!((named.len(), &named[1_999]), (2_000, &ids[14_999].to_string()));
        assert!(json!(named).to_string().len() < 100_000);
        assert_eq!(latest_before(&ids[..3], ids[2]), [ids[0].to_string(), ids[1].to_string()]);
    }
}
