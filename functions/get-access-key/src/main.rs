//! The Lambda binary behind `GET …/access-keys/{key_id}`.

use std::process::ExitCode;

use api::{app::App, exit_code, serve};
use get_access_key::get_access_key;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    exit_code(async {
        let app = &App::from_env().await?;
        serve(|request| get_access_key(app, request)).await
    })
    .await
}
