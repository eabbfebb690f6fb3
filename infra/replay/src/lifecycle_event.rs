//! The lifecycle event of an audit event, as the pipe puts it on the bus and an archive keeps it.

use std::ops::RangeInclusive;

use domain::{
    Time,
    audit::{self, Actor, Effect, Target},
    id::{KeyId, OrganizationId, UserId},
    role::Label,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ulid::Ulid;

use crate::fields;

/// The version of the detail.
const VERSION: &str = "1";

/// The longest kind, effect or part of an action.
const MAX_WORD: usize = 64;

/// The longest address, or id of a request, of an actor, or of a target of an unknown kind. An address may be another text: a
/// gateway's own test calls come from `test-invoke-source-ip`.
const MAX_ID: usize = 256;

/// An event as a target of a rule gets it. It may have further members, such as the `replay-name` of a replayed one.
#[derive(Debug, Deserialize)]
pub(crate) struct LifecycleEvent {
    pub(crate) source: String,
    #[serde(rename = "detail-type")]
    detail_type: String,
    detail: Detail,
}

/// The detail of an event: an audit event without names and values.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Detail {
    version: String,
    audit_id: Ulid,
    organization_id: OrganizationId,
    /// Seconds since 1970, as digits.
    at: String,
    action: String,
    actor: Reference,
    target: Reference,
    effect: String,
    source_ip: String,
    request_id: String,
}

/// The type and the id of an actor or a target.
#[derive(Debug, Serialize, Deserialize)]
struct Reference {
    #[serde(rename = "type")]
    kind: String,
    id: String,
}

impl LifecycleEvent {
    /// Returns the audit event. Its `changes` name each field of an updated target: the event does not tell which ones changed.
    ///
    /// # Errors
    /// The reason why it is none that the pipe made.
    pub(crate) fn into_audit_event(self) -> Result<audit::Event, &'static str> {
        let Self { detail, detail_type, .. } = self;
        if detail.version != VERSION {
            return Err("its detail has another version");
        }
        if detail.action != detail_type {
            return Err("its action is not its detail-type");
        }
        let Detail { action, actor, target, effect, source_ip, request_id, .. } = &detail;
        let mut words = action.split('.');
        let is_action = words.next() == Some(&*target.kind)
            && words.next().is_some_and(|word| is_made_of(word, 1..=MAX_WORD, is_of_word))
            && words.next().is_none()
            && is_made_of(&target.kind, 1..=MAX_WORD, is_of_word);
        for (is_right, reason) in [
            (is_action, "its action is none of its target's kind"),
            (has_id_of_kind(target, detail.organization_id), "its target has no id of its kind"),
            (fits(effect, action), "its effect is none of its action"),
            (is_made_of(&actor.kind, 1..=MAX_WORD, is_of_word), "its actor has no kind"),
            (is_made_of(&actor.id, 1..=MAX_ID, is_of_id), "its actor has no id"),
            (is_made_of(source_ip, 0..=MAX_ID, is_of_id), "its source_ip is none"),
            (is_made_of(request_id, 0..=MAX_ID, is_of_id), "its request_id is none"),
        ] {
            if !is_right {
                return Err(reason);
            }
        }
        let at = Some(detail.at.as_str()).filter(|at| at.bytes().all(|byte| byte.is_ascii_digit()));
        let at = at.and_then(|at| at.parse().ok()).filter(|at| *at <= Time::MAX.seconds());
        let at = Time::from_seconds(at.ok_or("its time is none")?);
        // An id carries the millisecond of the request, and the event its second.
        if i64::try_from(detail.audit_id.timestamp_ms() / 1_000) != Ok(at.seconds()) {
            return Err("its id is of another time");
        }
        let fields =
            fields::of_kind(&detail.target.kind).iter().filter(|_| detail.action.ends_with(".updated"));
        let changes = fields.map(|field| ((*field).to_owned(), Value::Null)).collect();
        Ok(audit::Event {
            audit_id: detail.audit_id,
            organization_id: detail.organization_id,
            at,
            actor: Actor { kind: detail.actor.kind, id: detail.actor.id, name: String::new() },
            action: detail.action,
            target: Target { kind: detail.target.kind, id: detail.target.id },
            effect: detail.effect,
            source_ip: detail.source_ip,
            request_id: detail.request_id,
            changes,
        })
    }
}

impl From<audit::Event> for Detail {
    fn from(event: audit::Event) -> Self {
        Self {
            version: VERSION.to_owned(),
            audit_id: event.audit_id,
            organization_id: event.organization_id,
            at: event.at.seconds().to_string(),
            action: event.action,
            actor: Reference { kind: event.actor.kind, id: event.actor.id },
            target: Reference { kind: event.target.kind, id: event.target.id },
            effect: event.effect,
            source_ip: event.source_ip,
            request_id: event.request_id,
        }
    }
}

impl Detail {
    pub(crate) fn action(&self) -> &str {
        &self.action
    }

    pub(crate) const fn audit_id(&self) -> Ulid {
        self.audit_id
    }
}

/// Tells whether a text has a length, and only characters that the writer of events puts there.
fn is_made_of(text: &str, lengths: RangeInclusive<usize>, is_allowed: fn(u8) -> bool) -> bool {
    lengths.contains(&text.len()) && text.bytes().all(is_allowed)
}

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte == b'_'
}

fn is_of_id(byte: u8) -> bool {
    byte.is_ascii_graphic()
}

/// Tells whether a target has an id of its kind. Those of a kind that a newer version adds are not known.
fn has_id_of_kind(target: &Reference, organization_id: OrganizationId) -> bool {
    match target.kind.as_str() {
        "organization" => target.id == organization_id.as_str(),
        "user" => UserId::parse(&target.id).is_ok(),
        "access_key" => KeyId::parse(&target.id).is_ok(),
        "role" | "group" => Label::try_from(target.id.clone()).is_ok(),
        _ => is_made_of(&target.id, 1..=MAX_ID, is_of_id),
    }
}

/// Tells whether an effect can be that of an action. Effects of updates, and of actions that a newer version adds, are free.
fn fits(effect: &str, action: &str) -> bool {
    let fixed = [
        (".created", Effect::Other),
        (".linked", Effect::Other),
        (".deleted", Effect::Deleted),
        (".revoked", Effect::Revoked),
        (".rotated", Effect::Rotated),
    ];
    is_made_of(effect, 1..=MAX_WORD, is_of_word)
        && fixed.iter().all(|(end, fixed)| !action.ends_with(end) || effect == fixed.as_str())
}

/// Returns an event of an archive for tests: a user who was deleted at a second.
#[cfg(test)]
pub(crate) fn sample(at: Time, number: u128) -> Value {
    let milliseconds = u64::try_from(at.seconds()).unwrap() * 1_000;
    serde_json::json!({
        "version": "0", "id": "1", "detail-type": "user.deleted", "source": "access-keys", "account": "000000000000",
        "time": "2026-11-03T10:00:01Z", "region": "eu-west-1", "resources": [], "replay-name": "drill",
        "detail": {
            "version": "1", "audit_id": Ulid::from_parts(milliseconds, number), "organization_id": "0123456789abcdef",
            "at": at.seconds().to_string(), "action": "user.deleted", "actor": {"type": "user", "id": "a"},
            "target": {"type": "user", "id": "00000000000b"}, "effect": "deleted", "source_ip": "192.0.2.1", "request_id": "r",
        },
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const AT: Time = Time::from_seconds(1_793_700_000);

    fn read(event: &Value) -> Result<audit::Event, &'static str> {
        serde_json::from_value::<LifecycleEvent>(event.clone()).map_err(|_| "damaged")?.into_audit_event()
    }

    #[test]
    fn an_event_of_the_archive_becomes_the_audit_event_that_it_was_made_of() {
        let sample = sample(AT, 7);
        let event = read(&sample).unwrap();
        assert_eq!((event.at, event.changes.len(), &*event.actor.id), (AT, 0, "a"));
        assert_eq!(serde_json::to_value(Detail::from(event)).unwrap(), sample["detail"]);
    }

    #[test]
    fn an_update_may_have_changed_each_field_of_its_target() {
        let mut event = sample(AT, 7);
        (event["detail-type"], event["detail"]["action"]) = (json!("user.updated"), json!("user.updated"));
        assert!(read(&event).unwrap().changes.contains_key("roles"));
    }

    #[test]
    fn an_event_of_each_kind_has_the_fields_that_its_writer_gives_it() {
        let key = "0".repeat(20);
        for (action, id, effect, is_taken) in [
            ("organization.updated", "0123456789abcdef", "narrowed", true),
            ("organization.updated", "1123456789abcdef", "narrowed", false),
            ("access_key.rotated", &*key, "rotated", true),
            ("access_key.rotated", &*key, "other", false),
            ("access_key.rotated", "1", "rotated", false),
            ("role.updated", "operators", "other", true),
            ("group.updated", "a\nb", "other", false),
            ("user.held", "00000000000b", "held_for_long", true),
            ("user.", "00000000000b", "other", false),
            ("user.held.up", "00000000000b", "other", false),
            ("robot.switched", "r2", "melted", true),
            ("robot.switched", "", "melted", false),
        ] {
            let mut event = sample(AT, 7);
            (event["detail-type"], event["detail"]["action"]) = (json!(action), json!(action));
            event["detail"]["target"] = json!({"type": action.split('.').next(), "id": id});
            event["detail"]["effect"] = json!(effect);
            event["detail"]["source_ip"] = json!("");
            assert_eq!(read(&event).is_ok(), is_taken, "{action} {id:?} {effect}");
        }
    }

    #[test]
    fn an_event_that_contradicts_itself_is_none() {
        for (member, value, reason) in [
            ("version", json!("2"), "another version"),
            ("version", json!(1), "damaged"),
            ("action", json!("user.created"), "its detail-type"),
            ("at", json!("1793700001"), "another time"),
            ("at", json!("+1793700000"), "its time is none"),
            ("at", json!("99999999999999999999"), "its time is none"),
            ("at", json!(""), "its time is none"),
            ("at", json!(1_793_700_000), "damaged"),
            ("audit_id", json!("01K"), "damaged"),
            ("organization_id", json!("ORG#x"), "damaged"),
            ("target", json!({"type": "user"}), "damaged"),
            ("effect", json!(null), "damaged"),
            ("effect", json!("other"), "its effect"),
            ("effect", json!(""), "its effect"),
            ("effect", json!("Deleted"), "its effect"),
            ("target", json!({"type": "role", "id": "b"}), "its target's kind"),
            ("target", json!({"type": "user", "id": "b"}), "no id of its kind"),
            ("target", json!({"type": "user", "id": "00000000000b\u{202e}"}), "no id of its kind"),
            ("actor", json!({"type": "", "id": "a"}), "no kind"),
            ("actor", json!({"type": "user", "id": ""}), "its actor has no id"),
            ("actor", json!({"type": "user", "id": "a b"}), "its actor has no id"),
            ("source_ip", json!("192.0.2.1 x"), "source_ip"),
            ("request_id", json!("a\tb"), "request_id"),
            ("request_id", json!("r".repeat(257)), "request_id"),
        ] {
            let mut event = sample(AT, 7);
            event["detail"][member] = value;
            let refused = read(&event).unwrap_err();
            assert!(refused.contains(reason), "{member}: {refused}");
        }
    }
}
