//! The Lambda binary behind `…/users`.

use std::process::ExitCode;

use api::{app::App, exit_code, serve};
use manage_users::manage_users;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    exit_code(async {
        let app = &App::from_env_with_pepper().await?;
        serve(|request| manage_users(app, request)).await
    })
    .await
}
