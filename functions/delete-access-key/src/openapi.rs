//! The operations of this function in the OpenAPI document.

use api::openapi::Operation;

/// Describes the operation.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let route = "DELETE /v1/organizations/{organization_id}/access-keys/{key_id}";
    let delete = Operation::member(route, "delete_access_key", "Deletes an access key")
        .says("The next request with it is refused.")
        .judges_conditions();
    vec![delete]
}
