//! The operations of this function in the OpenAPI document.

use api::openapi::Operation;

use crate::Description;

/// Describes the operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let caller = Operation::any_caller("GET /v1/whoami", "describe_caller", "Describes the caller")
        .says("`expires_in_days` tells a machine when to warn its owners. A person's sign-in is described without an organization.")
        .answers::<Description>(200);
    let route = "GET /v1/organizations/{organization_id}/whoami";
    let member = Operation::member(route, "describe_member", "Describes the caller in an organization")
        .answers::<Description>(200);
    vec![caller, member]
}
