//! The events of one organization by their targets.

use std::{collections::BTreeMap, fmt::Display};

use domain::{
    audit::{self, Effect},
    id::{KeyId, UserId},
    role::Label,
};

/// The reason of a target that belongs to another organization than its event.
pub(crate) const FOREIGN: &str = "it belongs to another organization than the event";

/// The events of one target, in the order of their ids.
pub(crate) type Events<'e> = Vec<&'e audit::Event>;

/// The events of one organization by their targets.
#[derive(Debug, Default)]
pub(crate) struct Targets<'e> {
    pub(crate) organization: Events<'e>,
    pub(crate) users: BTreeMap<UserId, Events<'e>>,
    pub(crate) keys: BTreeMap<KeyId, Events<'e>>,
    pub(crate) roles: BTreeMap<Label, Events<'e>>,
    pub(crate) groups: BTreeMap<Label, Events<'e>>,
    /// The events whose targets this version does not know.
    pub(crate) unknown: Events<'e>,
}

impl<'e> Targets<'e> {
    pub(crate) fn of(events: &'e [audit::Event]) -> Self {
        let mut targets = Self::default();
        for event in events {
            let id = &event.target.id;
            let of_target = match event.target.kind.as_str() {
                "organization" => Some(&mut targets.organization),
                "user" => UserId::parse(id).ok().map(|id| targets.users.entry(id).or_default()),
                "access_key" => KeyId::parse(id).ok().map(|id| targets.keys.entry(id).or_default()),
                "role" => Label::try_from(id.clone()).ok().map(|name| targets.roles.entry(name).or_default()),
                "group" => {
                    Label::try_from(id.clone()).ok().map(|name| targets.groups.entry(name).or_default())
                }
                _ => None,
            };
            of_target.unwrap_or(&mut targets.unknown).push(event);
        }
        targets
    }
}

/// Returns the effect of an event. An unknown effect, of a newer version, counts as narrowing: it may have ended something.
pub(crate) fn effect_of(event: &audit::Event) -> Effect {
    Effect::parse(&event.effect).unwrap_or(Effect::Narrowed)
}

/// Returns the last of some events that has one of these effects.
pub(crate) fn last_of<'e>(events: &[&'e audit::Event], effects: &[Effect]) -> Option<&'e audit::Event> {
    events.iter().rev().find(|event| effects.contains(&effect_of(event))).copied()
}

/// Returns the last of the open events; if none is open, the last of those that the restored table misses.
pub(crate) fn last_open<'e>(
    open: &[&'e audit::Event],
    missed: &[&'e audit::Event],
) -> Option<&'e audit::Event> {
    open.last().or(missed.last()).copied()
}

/// Tells whether one of some events may have ended something.
pub(crate) fn restrict(events: &[&audit::Event]) -> bool {
    events.iter().any(|event| effect_of(event) < Effect::Lifted)
}

/// Tells whether all of some events say that they took nothing away and allowed nothing.
pub(crate) fn are_harmless(events: &[&audit::Event]) -> bool {
    events.iter().all(|event| effect_of(event) == Effect::Other)
}

/// Tells whether one of some events changed a field. One that restricts and names no field may have changed each.
pub(crate) fn concern(events: &[&audit::Event], field: &str) -> bool {
    events
        .iter()
        .any(|event| event.changes.contains_key(field) || event.changes.is_empty() && restrict(&[event]))
}

/// Adds the id of the causing event to a reason, so that a reader can find it or exclude it.
pub(crate) fn because(cause: &audit::Event, what: impl Display) -> String {
    format!("{what} (event {})", cause.audit_id)
}

/// Tells whether one of these events created the target.
pub(crate) fn was_created(events: &[&audit::Event]) -> bool {
    events.iter().any(|event| event.action.ends_with(".created"))
}
