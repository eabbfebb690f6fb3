//! The operations of this function in the OpenAPI document.

use api::{AccessKeyResponse, openapi::Operation};

use crate::permissions::Explanation;

/// Describes the operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let key = "GET /v1/organizations/{organization_id}/access-keys/{key_id}";
    let permissions = "GET /v1/organizations/{organization_id}/access-keys/{key_id}/permissions";
    let get = Operation::member(key, "get_access_key", "Shows an access key")
        .says("People see their own keys; those of others need `access-keys:read`.")
        .answers_version_of::<AccessKeyResponse>();
    let explain = Operation::member(
        permissions,
        "explain_access_key",
        "Lists the permissions of a key and their sources",
    )
    .answers::<Explanation>(200)
    .in_pages();
    vec![get, explain]
}
