//! The Lambda binary behind `/v1/organizations`.

use api::{app::App, serve};
use lambda_http::Error;
use manage_organization::{Settings, manage_organization};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let app = &App::from_env().await?;
    let settings = &Settings::from_env(&app.environment)?;
    serve(|request| manage_organization(app, settings, request)).await
}
