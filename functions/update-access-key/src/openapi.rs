//! The operations of this function in the OpenAPI document.

use api::{
    AccessKeyResponse,
    ProblemCode::{AlreadyRevoked, Conflict, NotExtendable, PolicyViolation, QuotaExceeded},
    openapi::Operation,
};

use crate::body::Body;

/// Describes the operation.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let route = "PATCH /v1/organizations/{organization_id}/access-keys/{key_id}";
    let update = Operation::member(route, "update_access_key", "Changes an access key")
        .says("`active` switches it off and on. A new expiry is one of `expires_in_days`, `expires_at`, `never_expires`.")
        .takes_patch::<Body>()
        .answers_version_of::<AccessKeyResponse>()
        .refuses([AlreadyRevoked, NotExtendable, QuotaExceeded, PolicyViolation, Conflict]);
    vec![update]
}
