//! Roles and groups of an organization: set whole, listed, shown and deleted.
//!
//! A change has effect within ten seconds, the greatest age of the authorizer's copy of them.

mod change;
mod delete;
#[cfg(feature = "openapi")]
mod openapi;
mod put;
mod read;
mod response;
mod role_or_group;

use api::{HandlerResult, Request, app::App};
use role_or_group::CatalogKind;

#[cfg(feature = "openapi")]
pub use openapi::operations;

/// Sets, lists, shows or deletes roles and groups.
pub async fn manage_roles(app: &App, request: lambda_http::Request) -> HandlerResult {
    use CatalogKind::{Group, Role};
    let request = Request::read_member(request)?;
    match request.route.as_str() {
        "GET /v1/organizations/{organization_id}/roles" => read::list(app, &request, Role).await,
        "GET /v1/organizations/{organization_id}/groups" => read::list(app, &request, Group).await,
        "GET /v1/organizations/{organization_id}/roles/{role}" => read::get(app, &request, Role).await,
        "GET /v1/organizations/{organization_id}/groups/{group}" => read::get(app, &request, Group).await,
        "PUT /v1/organizations/{organization_id}/roles/{role}" => put::put(app, &request, Role).await,
        "PUT /v1/organizations/{organization_id}/groups/{group}" => put::put(app, &request, Group).await,
        "DELETE /v1/organizations/{organization_id}/roles/{role}" => {
            delete::delete(app, &request, Role).await
        }
        "DELETE /v1/organizations/{organization_id}/groups/{group}" => {
            delete::delete(app, &request, Group).await
        }
        _ => Err(request.unknown_route()),
    }
}
