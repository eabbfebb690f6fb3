//! The Lambda binary behind `PATCH …/access-keys/{key_id}`.

use std::process::ExitCode;

use api::{app::App, exit_code, serve};
use update_access_key::update_access_key;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    exit_code(async {
        let app = &App::from_env().await?;
        serve(|request| update_access_key(app, request)).await
    })
    .await
}
