//! The operations of this function in the OpenAPI document.

use api::openapi::Operation;

use crate::{
    put::{GroupBody, RoleBody},
    response::{GroupResponse, RoleResponse},
};

/// Describes the operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let in_ten_seconds = "A change has effect within ten seconds.";
    let list_roles = Operation::member(
        "GET /v1/organizations/{organization_id}/roles",
        "list_roles",
        "Lists roles by name",
    )
    .says("Needs `roles:read`.")
    .lists::<RoleResponse>();
    let list_groups = Operation::member(
        "GET /v1/organizations/{organization_id}/groups",
        "list_groups",
        "Lists groups by name",
    )
    .says("Needs `roles:read`.")
    .lists::<GroupResponse>();
    let get_role =
        Operation::member("GET /v1/organizations/{organization_id}/roles/{role}", "get_role", "Shows a role")
            .says("Needs `roles:read`.")
            .answers_version_of::<RoleResponse>();
    let get_group = Operation::member(
        "GET /v1/organizations/{organization_id}/groups/{group}",
        "get_group",
        "Shows a group",
    )
    .says("Needs `roles:read`.")
    .answers_version_of::<GroupResponse>();
    let put_role = Operation::member(
        "PUT /v1/organizations/{organization_id}/roles/{role}",
        "put_role",
        "Creates a role, or replaces it whole",
    )
    .says("Needs `roles:write`, and every permission that the role carries.")
    .says(in_ten_seconds)
    .takes::<RoleBody>()
    .answers_version_of::<RoleResponse>()
    .leads_to(&["get_role", "delete_role"]);
    let put_group = Operation::member(
        "PUT /v1/organizations/{organization_id}/groups/{group}",
        "put_group",
        "Creates a group, or replaces it whole",
    )
    .says("Needs `roles:write`, and every permission that the group carries.")
    .says(in_ten_seconds)
    .takes::<GroupBody>()
    .answers_version_of::<GroupResponse>()
    .leads_to(&["get_group", "delete_group"]);
    let delete_role = Operation::member(
        "DELETE /v1/organizations/{organization_id}/roles/{role}",
        "delete_role",
        "Deletes a role",
    )
    .says("Needs `roles:write`. It grants nothing any more.")
    .judges_conditions();
    let delete_group = Operation::member(
        "DELETE /v1/organizations/{organization_id}/groups/{group}",
        "delete_group",
        "Deletes a group",
    )
    .says("Needs `roles:write`. It grants nothing any more.")
    .judges_conditions();
    vec![list_roles, list_groups, get_role, get_group, put_role, put_group, delete_role, delete_group]
}
