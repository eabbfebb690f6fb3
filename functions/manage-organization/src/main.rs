//! The Lambda binary behind `/v1/organizations`.

use api::{app::App, serve};
use lambda_http::Error;
use manage_organization::{CreationPolicy, manage_organization};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let app = &App::from_env().await?;
    let creation = &app.environment.parse_or("ORGANIZATION_CREATION", CreationPolicy::Open)?;
    serve(|request| manage_organization(app, creation, request)).await
}
