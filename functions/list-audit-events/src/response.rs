//! An audit event as the API shows it.

use api::Instant;
use domain::audit::{self, Actor, Target};
use serde::Serialize;
use serde_json::{Map, Value};
use ulid::Ulid;

/// An audit event as the API shows it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "AuditEvent"))]
pub(crate) struct AuditEventResponse {
    #[cfg_attr(feature = "openapi", schemars(schema_with = "api::openapi::ulid"))]
    audit_id: Ulid,
    at: Instant,
    actor: Actor,
    #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::openapi::action"))]
    action: String,
    target: Target,
    source_ip: String,
    request_id: String,
    changes: Map<String, Value>,
}

impl From<audit::Event> for AuditEventResponse {
    fn from(event: audit::Event) -> Self {
        Self {
            audit_id: event.audit_id,
            at: Instant(event.at),
            actor: event.actor,
            action: event.action,
            target: event.target,
            source_ip: event.source_ip,
            request_id: event.request_id,
            changes: event.changes,
        }
    }
}
