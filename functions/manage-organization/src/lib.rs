//! Organizations: created and listed by people who sign in, shown and changed by members, deleted by owners.

mod create;
mod creation_policy;
mod delete;
#[cfg(feature = "openapi")]
mod openapi;
mod policy;
mod preview;
mod response;
mod settings;
mod update;

use api::{HandlerResult, Member, Paging, Request, app::App, response::ok};
use domain::{access::Action, sign_in::SignedIn};
use response::{MembershipResponse, OrganizationResponse};
use table::MembershipPosition;

pub use settings::Settings;

#[cfg(feature = "openapi")]
pub use openapi::operations;

/// Creates an organization, lists those of a person, or shows, changes, deletes or tries a change of one.
pub async fn manage_organization(
    app: &App,
    settings: &Settings,
    request: lambda_http::Request,
) -> HandlerResult {
    let request = Request::read(request)?;
    match request.route.as_str() {
        "POST /v1/organizations" => {
            create::create(app, &settings.creation, &request.into_signed_in(settings.subject_claim)?).await
        }
        "GET /v1/organizations" => list(app, &request.into_signed_in(settings.subject_claim)?).await,
        "PATCH /v1/organizations/{organization_id}" => update::update(app, &request.into_member()?).await,
        "POST /v1/organizations/{organization_id}/policy-preview" => {
            preview::preview(app, &request.into_member()?).await
        }
        "DELETE /v1/organizations/{organization_id}" => delete::delete(app, &request.into_member()?).await,
        "GET /v1/organizations/{organization_id}" => get(app, &request.into_member()?).await,
        _ => Err(request.unknown_route()),
    }
}

async fn get(app: &App, request: &Request<Member>) -> HandlerResult {
    request.query(&[])?;
    let member = &request.caller;
    app.permit(member, Action::ReadOrganization, member.actor().as_resource()).await?;
    let organization = app.organization(member).await?;
    let version = organization.version;
    request.show(&OrganizationResponse::from(organization), version)
}

async fn list(app: &App, request: &Request<SignedIn>) -> HandlerResult {
    let sign_in = &request.caller;
    let subject = sign_in.hash();
    let paging = Paging::read(request, None, &format!("organizations of {subject}"))?;
    let (email, after) = (sign_in.verified_email(), paging.after(MembershipPosition::parse)?);
    let page = app.table.organizations_of(&subject, email, after, paging.limit).await?;
    let shown: Vec<_> = page.items.into_iter().map(MembershipResponse::from).collect();
    Ok(ok(&paging.page(shown, page.next), None))
}

/// Makes the request of a test, with this body.
#[cfg(test)]
fn request(body: &str) -> Request<()> {
    let event = fuzz::event_with_body(include_str!("../../../tests/events/manage-organization.json"), body);
    let request = Request::read_open(lambda_http::request::from_str(&event).unwrap());
    request.unwrap_or_else(|error| panic!("{error}"))
}
