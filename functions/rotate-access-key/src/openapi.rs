//! The operations of this function in the OpenAPI document.

use api::{
    AccessKeyResponse,
    ProblemCode::{AlreadyRevoked, Conflict, KeyExpired, KeyInactive, PolicyViolation},
    openapi::Operation,
};

use crate::overlap::Body;

/// Describes the operation.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let route = "POST /v1/organizations/{organization_id}/access-keys/{key_id}/rotate";
    let rotate = Operation::member(route, "rotate_access_key", "Gives an access key a new secret")
        .says("The expiry does not move. The answer is the only one that shows the new secret.")
        .may_take::<Body>()
        .idempotent()
        .answers_version_of::<AccessKeyResponse>()
        .refuses([AlreadyRevoked, KeyInactive, KeyExpired, PolicyViolation, Conflict]);
    vec![rotate]
}
