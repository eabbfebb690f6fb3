//! The operations of this function in the OpenAPI document.

use api::{
    AccessKeyResponse, Instant,
    openapi::{Operation, schema_of, search},
};
use domain::{access_key::Status, user::Kind};

/// Describes the operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let of_organization = "GET /v1/organizations/{organization_id}/access-keys";
    let of_user = "GET /v1/organizations/{organization_id}/users/{user_id}/access-keys";
    let all = Operation::member(
        of_organization,
        "list_access_keys",
        "Lists the keys of the organization by expiry",
    )
    .says("Needs `access-keys:read`.")
    .filter("kind", schema_of::<Kind>(), "Only keys of users of this kind.");
    let of_user =
        Operation::member(of_user, "list_access_keys_of_user", "Lists the keys of a user by key id")
            .says("People list their own keys; those of others need `access-keys:read`.");
    [all, of_user].map(filtered).to_vec()
}

fn filtered(operation: Operation) -> Operation {
    operation
        .filter("status", schema_of::<Status>(), "Only keys in this state.")
        .filter("expires_before", schema_of::<Instant>(), "Only keys that expire before this time.")
        .filter("unused_since", schema_of::<Instant>(), "Only keys that have not been used since this time.")
        .filter(
            "q",
            search,
            "Only keys whose name or description contains this text, in any case, or whose id starts with it. An id needs its first 12 characters or more; the key prefix may stand before it.",
        )
        .lists::<AccessKeyResponse>()
}
