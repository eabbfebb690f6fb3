//! Roles and groups of an organization: set whole, listed, shown and removed.
//!
//! A change reaches decisions within ten seconds, the age that the authorizer's snapshot may have.

mod groups;
mod roles;

use api::{Answer, Problem, Request, app::App};
use domain::{Error, role::Label};
use lambda_http::Request as Event;

/// Sets, lists, shows or removes roles and groups.
pub async fn manage_roles(app: &App, event: Event) -> Answer {
    let request = Request::read(event)?;
    match request.route.as_str() {
        "GET /v1/organizations/{organization_id}/roles" => roles::list(app, &request).await,
        "PUT /v1/organizations/{organization_id}/roles/{role}" => roles::put(app, &request).await,
        "GET /v1/organizations/{organization_id}/roles/{role}" => roles::get(app, &request).await,
        "DELETE /v1/organizations/{organization_id}/roles/{role}" => roles::delete(app, &request).await,
        "GET /v1/organizations/{organization_id}/groups" => groups::list(app, &request).await,
        "PUT /v1/organizations/{organization_id}/groups/{group}" => groups::put(app, &request).await,
        "GET /v1/organizations/{organization_id}/groups/{group}" => groups::get(app, &request).await,
        "DELETE /v1/organizations/{organization_id}/groups/{group}" => groups::delete(app, &request).await,
        _ => Err(request.unknown_route()),
    }
}

/// The most roles, and the most groups, of one organization: decisions read all of them.
const MOST: usize = 200;

fn refuse_more_than(most: usize, what: &'static str, there: usize) -> Result<(), Error> {
    if there < most {
        Ok(())
    } else {
        Err(Error::invalid(what, format!("an organization has {most} at most")))
    }
}

/// Reads the name in the path of a thing that may not exist yet.
fn new_name(request: &Request, parameter: &'static str) -> Result<Label, Problem> {
    let name = request.path(parameter)?;
    Ok(Label::try_from(name).map_err(|rule| Error::invalid(parameter, rule.to_string()))?)
}

/// Reads the name in the path of a thing that is there, or is not found.
fn name(request: &Request, parameter: &'static str) -> Result<Label, Problem> {
    Ok(Label::try_from(request.path(parameter)?).map_err(|_| Error::NotFound { what: parameter })?)
}
