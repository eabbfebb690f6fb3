//! The operations of this function in the OpenAPI document.

use api::{AccessKeyResponse, ProblemCode::AlreadyRevoked, openapi::Operation};

/// Describes the operation.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let route = "POST /v1/organizations/{organization_id}/access-keys/{key_id}/revoke";
    let revoke = Operation::member(route, "revoke_access_key", "Ends an access key for ever")
        .says("The next request with it is refused.")
        .answers_version_of::<AccessKeyResponse>()
        .refuses([AlreadyRevoked]);
    vec![revoke]
}
