use domain::audit::{Actor, Event, Target};
use serde::Serialize;
use serde_json::{Map, Value};
use ulid::Ulid;

/// An audit event as the API shows it.
#[derive(Debug, Serialize)]
pub(crate) struct EventAnswer {
    audit_id: Ulid,
    at: String,
    actor: Actor,
    action: String,
    target: Target,
    source_ip: String,
    request_id: String,
    changes: Map<String, Value>,
}

impl From<Event> for EventAnswer {
    fn from(event: Event) -> Self {
        Self {
            audit_id: event.audit_id,
            at: event.at.to_string(),
            actor: event.actor,
            action: event.action,
            target: event.target,
            source_ip: event.source_ip,
            request_id: event.request_id,
            changes: event.changes,
        }
    }
}
