//! The operations of this function in the OpenAPI document.

use api::{
    Instant,
    openapi::{Operation, schema_of},
};
use schemars::{Schema, SchemaGenerator, json_schema};

use crate::response::AuditEventResponse;

/// Describes the operation.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let route = "GET /v1/organizations/{organization_id}/audit-events";
    let list = Operation::member(route, "list_audit_events", "Lists what was changed, the newest first")
        .says("Needs `audit:read`.")
        .filter("actor", id, "Only events by this user.")
        .filter("action", action, "Only events of this action, for example `access_key.created`.")
        .filter("target", id, "Only events of the target with this id, or for roles and groups this name.")
        .filter("since", schema_of::<Instant>(), "Only events at or after this time.")
        .filter("until", schema_of::<Instant>(), "Only events before this time.")
        .lists::<AuditEventResponse>();
    vec![list]
}

fn id(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "pattern": "^[0-9A-Za-z_-]{1,128}$" })
}

/// Returns the schema of an action. It lists none, so that a new action breaks no client.
pub(crate) fn action(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "pattern": r"^[a-z_]+\.[a-z_]+$", "maxLength": 64 })
}
