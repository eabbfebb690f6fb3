//! The responses that the gateway itself gives, before a function or in place of it.

use api::openapi::Caller;
use serde_json::{Value, json};

/// Describes the body of every response of the gateway.
pub(crate) fn message_schema() -> Value {
    json!({
        "description": "A response of the gateway itself.",
        "type": "object",
        "properties": { "message": { "type": ["string", "null"] } },
        "required": ["message"],
    })
}

/// Returns the statuses of the gateway's own responses to an operation, each with its reason.
pub(crate) fn statuses(caller: Caller) -> Vec<(u16, &'static str)> {
    let mut statuses = vec![
        (404, "the API has no such path"),
        (413, "the request is too large"),
        (429, "too many requests; wait, then repeat"),
        (431, "the URL and the headers are too long"),
        (500, "the authorizer or the function failed"),
        (503, "the function had no free instance or took too long"),
    ];
    if caller != Caller::Anybody {
        statuses.push((403, "the authorizer refused the request"));
    }
    statuses
}
