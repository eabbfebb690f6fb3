//! Roles and groups of an organization: set whole, listed, shown and removed.
//!
//! A change reaches decisions within ten seconds, the age that the authorizer's snapshot may have.

mod delete;
mod entry;
mod put;
mod read;

use api::{Answer, Problem, Request, app::App};
use domain::{Error, role::Label};
use entry::Noun;
use lambda_http::Request as Event;

/// Sets, lists, shows or removes roles and groups.
pub async fn manage_roles(app: &App, event: Event) -> Answer {
    use Noun::{Group, Role};
    let request = Request::read(event)?;
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

/// Reads the name in the path of a thing that is there, or is not found.
fn name(request: &Request, noun: Noun) -> Result<Label, Problem> {
    Ok(Label::try_from(request.path(noun.as_str())?).map_err(|_| Error::NotFound { what: noun.as_str() })?)
}
