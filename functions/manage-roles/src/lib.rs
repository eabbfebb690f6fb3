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
    let (method, path) = request.route.split_once(' ').unwrap_or_default();
    let of_groups = path.contains("/groups");
    match (method, path.ends_with('}')) {
        ("PUT", _) if of_groups => groups::put(app, &request).await,
        ("PUT", _) => roles::put(app, &request).await,
        ("DELETE", _) if of_groups => groups::delete(app, &request).await,
        ("DELETE", _) => roles::delete(app, &request).await,
        (_, true) if of_groups => groups::get(app, &request).await,
        (_, true) => roles::get(app, &request).await,
        (_, false) if of_groups => groups::list(app, &request).await,
        (_, false) => roles::list(app, &request).await,
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
