//! The operations of this function in the OpenAPI document.

use api::openapi::Operation;
use serde_json::{Map, Value};

/// Describes the operation.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let describe = Operation::open("GET /v1/openapi.json", "describe_api", "Shows this document")
        .says("With this deployment's URL and key prefix. Caches may keep it for five minutes.")
        .answers_version_of::<Map<String, Value>>()
        .may_be_cached();
    vec![describe]
}
