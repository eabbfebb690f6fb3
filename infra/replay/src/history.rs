//! The events in the restored table: those that were stored before the restored instant, those that an earlier run repeated, and
//! those of changes that somebody else made since the restore.

use std::collections::{BTreeSet, HashMap, HashSet};

use domain::{
    Time,
    audit::{self, Action, Actor},
    id::OrganizationId,
};
use serde_json::Value;
use table::{AuditFilter, Table};
use ulid::Ulid;

use crate::{Error, events::Events, pages, source::OVERLAP};

/// The id of the actor of all changes by a replay.
const ACTOR: &str = "replay";

/// The most events of one read.
const PAGE_SIZE: usize = 1_000;

/// The member of a change by a replay that lists which recent events it repeats besides the one of its `request_id`.
pub(crate) const ALSO: &str = "repeated_events";

/// Actions that tell of a use or an expiry, and change nothing that a replay copies.
const USES: [Action; 5] = [
    Action::UserLinked,
    Action::AccessKeyRetiredSecretUsed,
    Action::AccessKeyRetiredSecretReported,
    Action::AccessKeyExpiring,
    Action::AccessKeyExpired,
];

/// Names a replay as the author of a change.
pub(crate) fn actor() -> Actor {
    Actor::system(ACTOR, ACTOR)
}

/// What others than a replay changed of one target in the restored table.
#[derive(Debug, Default)]
pub(crate) struct Decision {
    fields: BTreeSet<String>,
    /// Whether somebody created the target, perhaps after another one of its name.
    pub(crate) created: bool,
}

impl Decision {
    /// Tells whether somebody set a field. A change that names no field may have set each.
    pub(crate) fn names(&self, field: &str) -> bool {
        self.fields.is_empty() || self.fields.contains(field)
    }
}

/// A change by a replay.
#[derive(Debug)]
struct Repetition {
    /// The id of the event that it repeats.
    cause: String,
    /// The ids of the recent events before that one, which it repeats too.
    also: Vec<String>,
    /// When the run began.
    at: Time,
}

/// The events that the restored table holds of one organization.
#[derive(Debug, Default)]
pub(crate) struct History {
    stored: HashSet<Ulid>,
    /// Whether earlier runs may have lacked events that this one has.
    pub(crate) may_lack_events: bool,
    /// The changes by a replay, by the kind and id of the target.
    repetitions: HashMap<(String, String), Vec<Repetition>>,
    /// By the kind and id of the target.
    decisions: HashMap<(String, String), Decision>,
}

impl History {
    /// Reads the events of an organization. Those before the restored instant are no decisions, nor are those of the next
    /// [`OVERLAP`] that the old table holds too, whose ids are `old`. Later ones are of the restored table alone: an archive,
    /// which goes on, has them too.
    pub(crate) async fn read(
        restored: &Table,
        organization_id: OrganizationId,
        since: Time,
        now: Time,
        old: &HashSet<Ulid>,
    ) -> Result<Self, Error> {
        let filter = AuditFilter { since: Some(since.plus(-OVERLAP)), ..AuditFilter::default() };
        let mut history = Self::default();
        let read = |after| restored.audit_events(organization_id, &filter, now, after, PAGE_SIZE);
        pages::each(read, |event| history.add(event, since, old)).await?;
        Ok(history)
    }

    fn add(&mut self, event: audit::Event, since: Time, old: &HashSet<Ulid>) {
        self.stored.insert(event.audit_id);
        if event.actor.kind == "system" && event.actor.id == ACTOR {
            let also = event.changes.get(ALSO).and_then(Value::as_array).into_iter().flatten();
            let also = also.filter_map(|id| id.as_str().map(str::to_owned)).collect();
            let repetition = Repetition { cause: event.request_id, also, at: event.at };
            self.repetitions.entry((event.target.kind, event.target.id)).or_default().push(repetition);
        } else if event.at >= since
            && (!old.contains(&event.audit_id) || event.at >= since.plus(OVERLAP))
            && USES.iter().all(|action| action.as_str() != event.action)
        {
            let decision = self.decisions.entry((event.target.kind, event.target.id)).or_default();
            decision.created |= event.action.ends_with(".created");
            decision.fields.extend(event.changes.into_iter().map(|(field, _)| field));
        }
    }

    /// Tells whether the restored table holds an event. Then it holds the change too: both were stored in one transaction.
    pub(crate) fn holds(&self, event: &audit::Event) -> bool {
        self.stored.contains(&event.audit_id)
    }

    fn repetitions(&self, kind: &str, id: &str) -> &[Repetition] {
        self.repetitions.get(&(kind.to_owned(), id.to_owned())).map_or(&[], Vec::as_slice)
    }

    /// Tells whether an earlier run has changed a target because of an event.
    pub(crate) fn has_repeated(&self, kind: &str, id: &str, cause: &audit::Event) -> bool {
        let cause = cause.audit_id.to_string();
        self.repetitions(kind, id).iter().any(|repetition| repetition.cause == cause)
    }

    /// Returns those events of one target that no earlier run has repeated.
    ///
    /// A run repeats all events that it finds, and names the last one and those of the [`OVERLAP`] before it began: a request
    /// that ran beside it may have stored an event among these later. All events before them were there, unless the run may
    /// have lacked some: then it names all that it had.
    pub(crate) fn open<'e>(&self, events: &Events<'e>) -> Events<'e> {
        let Some(target) = events.first().map(|event| &event.target) else { return Vec::new() };
        let (mut open, mut repeated_until) = (Vec::new(), None);
        let repetitions = self.repetitions(&target.kind, &target.id);
        for event in events.iter().rev() {
            let id = event.audit_id.to_string();
            let named = |one: &&Repetition| one.cause == id || one.also.contains(&id);
            let latest =
                repetitions.iter().filter(|one| one.cause == id).map(|one| one.at.plus(-OVERLAP)).max();
            repeated_until = repeated_until.max(latest);
            let before = !self.may_lack_events && repeated_until.is_some_and(|until| event.at < until);
            if !before && !repetitions.iter().any(|one| named(&one)) {
                open.push(*event);
            }
        }
        open.reverse();
        open
    }

    /// Returns what others changed of a target since the restore; `None` if nobody changed anything.
    pub(crate) fn decision(&self, kind: &str, id: &str) -> Option<&Decision> {
        self.decisions.get(&(kind.to_owned(), id.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use domain::audit::Origin;

    use super::*;

    #[test]
    fn a_change_before_the_restored_instant_or_in_the_old_table_is_no_decision() {
        let since = Time::from_seconds(1_000);
        for (seconds, is_old, decides) in [
            (999, false, false),
            (1_000, false, true),
            (1_000, true, false),
            (1_000 + OVERLAP - 1, true, false),
            (1_000 + OVERLAP, true, true),
        ] {
            let (source_ip, request_id) = Default::default();
            let at = Time::from_seconds(seconds).into();
            let origin = Origin { at, actor: Actor::system("a", "a"), source_ip, request_id };
            let event = audit::Event::new(origin, OrganizationId::random(), Action::RoleDeleted, "r", ());
            let old = is_old.then_some(event.audit_id).into_iter().collect();
            let mut history = History::default();
            history.add(event, since, &old);
            assert_eq!(history.decision("role", "r").is_some(), decides, "{seconds} {is_old}");
        }
    }

    #[test]
    fn an_event_that_an_archive_lacked_is_open_though_an_earlier_run_repeated_a_later_one() {
        let event = |seconds: i64, actor: Actor, request_id: &str| {
            let at = Time::from_seconds(seconds).into();
            let origin = Origin { at, actor, source_ip: String::new(), request_id: request_id.to_owned() };
            audit::Event::new(origin, OrganizationId::random(), Action::RoleDeleted, "u", ())
        };
        let person = || Actor::system("a", "a");
        let (suspended, renamed) = (event(1_000, person(), ""), event(5_000, person(), ""));
        let repetition = event(10_000, actor(), &renamed.audit_id.to_string());
        for (may_lack_events, open) in [(false, 0), (true, 1)] {
            let mut history = History { may_lack_events, ..History::default() };
            history.add(repetition.clone(), Time::from_seconds(0), &HashSet::new());
            assert_eq!(history.open(&vec![&suspended, &renamed]).len(), open, "{may_lack_events}");
        }
    }
}
