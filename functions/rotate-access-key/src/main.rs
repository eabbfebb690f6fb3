//! The Lambda binary behind `POST …/access-keys/{key_id}/rotate`.

use std::process::ExitCode;

use api::{app::App, exit_code, serve};
use rotate_access_key::rotate_access_key;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    exit_code(async {
        let app = &App::from_env_with_pepper().await?;
        serve(|request| rotate_access_key(app, request)).await
    })
    .await
}
