//! The Lambda binary behind `…/roles` and `…/groups`.

use std::process::ExitCode;

use api::{app::App, exit_code, serve};
use manage_roles::manage_roles;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    exit_code(async {
        let app = &App::from_env().await?;
        serve(|request| manage_roles(app, request)).await
    })
    .await
}
