//! The Lambda binary behind `/v1/organizations`.

use api::{answer, app::App};
use lambda_http::{Error, run, service_fn};
use manage_organization::{CreationPolicy, manage_organization};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let app = &App::from_env().await?;
    let creation = &app.environment.parse_or("ORGANIZATION_CREATION", CreationPolicy::Open)?;
    run(service_fn(|request| answer(manage_organization(app, creation, request)))).await
}
