//! Organizations: created by whoever signs in, read by those who may.

mod answer;
mod create;
mod creation;
mod policy;
mod preview;
mod update;

use answer::OrganizationAnswer;
use api::{Answer, Caller, Paging, Request, app::App, ok};
use domain::{Error, access::Action, id::OrganizationId, sign_in::SignedIn};
use lambda_http::Request as Event;

pub use creation::Creation;

/// Creates an organization, lists those of a person, or shows one.
pub async fn manage_organization(app: &App, creation: &Creation, event: Event) -> Answer {
    let request = Request::read(event)?;
    match request.route.as_str() {
        "POST /v1/organizations" => create::create(app, creation, &request).await,
        "GET /v1/organizations" => list(app, &request).await,
        "PATCH /v1/organizations/{organization_id}" => update::update(app, &request).await,
        "POST /v1/organizations/{organization_id}/policy-preview" => preview::preview(app, &request).await,
        "GET /v1/organizations/{organization_id}" => get(app, &request).await,
        _ => Err(request.unknown_route()),
    }
}

async fn get(app: &App, request: &Request) -> Answer {
    request.query(&[])?;
    let member = request.member()?;
    member.actor().may(Action::ReadOrganization)?;
    let organization = app.table.organization(member.organization_id).await?;
    let organization = organization.ok_or(Error::NotFound { what: "organization" })?;
    let version = organization.version;
    Ok(ok(&OrganizationAnswer::from(organization), Some(version)))
}

async fn list(app: &App, request: &Request) -> Answer {
    let sign_in = signed_in(request)?;
    let subject = sign_in.hash();
    let paging = Paging::read(request, None, &format!("organizations of {subject}"))?;
    let after = paging.after.as_deref().and_then(|place| OrganizationId::parse(place).ok());
    let page = app.table.organizations_of(&subject, sign_in.verified_email(), after, paging.limit).await?;
    let items: Vec<_> = page.items.into_iter().map(OrganizationAnswer::from).collect();
    Ok(ok(&paging.answer(items, page.next), None))
}

fn signed_in(request: &Request) -> Result<&SignedIn, Error> {
    match &request.caller {
        Caller::SignIn(sign_in) => Ok(sign_in),
        Caller::Member(_) => {
            Err(Error::Forbidden { needs: "a sign-in; an access key belongs to one organization".to_owned() })
        }
    }
}
