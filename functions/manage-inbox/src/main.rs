//! The Lambda binary behind `…/users/{user_id}/inbox`.

use std::process::ExitCode;

use api::{app::App, exit_code, serve};
use manage_inbox::manage_inbox;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    exit_code(async {
        let app = &App::from_env().await?;
        serve(|request| manage_inbox(app, request)).await
    })
    .await
}
