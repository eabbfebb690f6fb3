//! The Lambda binary behind `/v1/organizations`.

use std::process::ExitCode;

use api::{app::App, exit_code, serve};
use manage_organization::{Settings, manage_organization};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    exit_code(async {
        let app = &App::from_env().await?;
        let settings = &Settings::from_env(&app.environment)?;
        serve(|request| manage_organization(app, settings, request)).await
    })
    .await
}
