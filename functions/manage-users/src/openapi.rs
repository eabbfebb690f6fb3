//! The operations of this function in the OpenAPI document.

use api::{
    ProblemCode::{Conflict, EmailTaken, LastOwner, PolicyViolation, QuotaExceeded},
    openapi::{Operation, schema_of, search},
};
use domain::user::Kind;

use crate::{create, response::UserResponse, status::RequestedStatus, update};

/// Describes the operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let create = Operation::member("POST /v1/organizations/{organization_id}/users", "create_user", "Invites a person or creates a machine")
        .says("Needs `users:write`, and for `access_keys` `access-keys:write`. Either everything is created or nothing.")
        .takes::<create::Body>()
        .idempotent()
        .creates::<UserResponse>()
        .refuses([EmailTaken, QuotaExceeded, PolicyViolation])
        .leads_to(&[
            "get_user",
            "update_user",
            "delete_user",
            "create_access_key",
            "list_access_keys_of_user",
        ]);
    let list =
        Operation::member("GET /v1/organizations/{organization_id}/users", "list_users", "Lists users")
            .says("Needs `users:read`.")
            .filter("kind", schema_of::<Kind>(), "Only users of this kind.")
            .filter("status", schema_of::<RequestedStatus>(), "Only users in this state.")
            .filter("q", search, "Only users whose name or e-mail contains this text, in any case, and the user whose id it is. The id of a key, or its first 12 characters or more, finds the user of the key. The key prefix may stand before an id.")
            .lists::<UserResponse>();
    let get = Operation::member(
        "GET /v1/organizations/{organization_id}/users/{user_id}",
        "get_user",
        "Shows a user",
    )
    .says("Everybody sees themselves; others need `users:read`.")
    .answers_version_of::<UserResponse>();
    let update = Operation::member(
        "PATCH /v1/organizations/{organization_id}/users/{user_id}",
        "update_user",
        "Changes a user",
    )
    .says("People change their own name and notifications; the rest needs `users:write`.")
    .takes_patch::<update::Body>()
    .answers_version_of::<UserResponse>()
    .refuses([EmailTaken, LastOwner, Conflict]);
    let delete = Operation::member(
        "DELETE /v1/organizations/{organization_id}/users/{user_id}",
        "delete_user",
        "Deletes a user with all keys",
    )
    .says("Needs `users:write`. People delete `me` with a sign-in: they leave.")
    .judges_conditions()
    .refuses([LastOwner, Conflict]);
    vec![create, list, get, update, delete]
}
