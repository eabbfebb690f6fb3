//! The operations of this function in the OpenAPI document.

use api::{
    ProblemCode::{Conflict, LastOwner},
    openapi::Operation,
};

use crate::{
    create, preview,
    response::{MembershipResponse, OrganizationResponse},
    update,
};

/// Describes the operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let create =
        Operation::signed_in("POST /v1/organizations", "create_organization", "Creates an organization")
            .says("The caller becomes its first owner. Takes a sign-in with a verified address.")
            .takes::<create::Body>()
            .creates::<OrganizationResponse>()
            .leads_to(&["get_organization", "update_organization", "delete_organization", "create_user"]);
    let list = Operation::signed_in(
        "GET /v1/organizations",
        "list_organizations",
        "Lists the organizations of a person",
    )
    .says("Memberships come first, then invitations.")
    .lists::<MembershipResponse>();
    let get = Operation::member(
        "GET /v1/organizations/{organization_id}",
        "get_organization",
        "Shows an organization and its policy",
    )
    .says("Every person reads their organization; machines need `organization:read`.")
    .answers_version_of::<OrganizationResponse>();
    let update = Operation::member(
        "PATCH /v1/organizations/{organization_id}",
        "update_organization",
        "Changes an organization or its policy",
    )
    .says("Needs `organization:write`. Inside the policy `null` resets to the preset's value.")
    .takes_patch::<update::Body>()
    .answers_version_of::<OrganizationResponse>()
    .refuses([Conflict]);
    let route = "POST /v1/organizations/{organization_id}/policy-preview";
    let preview = Operation::member(route, "preview_policy", "Lists the keys that a policy would not allow")
        .says("Needs `organization:write`. Nothing is changed.")
        .takes::<preview::Body>()
        .answers::<preview::PolicyPreviewPage>(200)
        .in_pages();
    let delete = Operation::member(
        "DELETE /v1/organizations/{organization_id}",
        "delete_organization",
        "Deletes an organization",
    )
    .says("For its one owner who ever signed in, with a sign-in, seven days after its suspension.")
    .judges_conditions()
    .refuses([Conflict, LastOwner]);
    vec![create, list, get, update, preview, delete]
}
