//! The operations of this function in the OpenAPI document.

use api::{
    AccessKeyResponse,
    ProblemCode::{PolicyViolation, QuotaExceeded},
    openapi::Operation,
};

use crate::body::Body;

/// Describes the operation.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let route = "POST /v1/organizations/{organization_id}/users/{user_id}/access-keys";
    let create = Operation::member(route, "create_access_key", "Creates an access key")
        .says("The answer is the only one that shows the secret: a replay under the same `Idempotency-Key` leaves it out.")
        .says("People create their own keys; the keys of machine users need `access-keys:write`.")
        .takes::<Body>()
        .idempotent()
        .creates::<AccessKeyResponse>()
        .refuses([QuotaExceeded, PolicyViolation])
        .leads_to(&[
            "get_access_key",
            "explain_access_key",
            "update_access_key",
            "rotate_access_key",
            "revoke_access_key",
            "delete_access_key",
        ]);
    vec![create]
}
