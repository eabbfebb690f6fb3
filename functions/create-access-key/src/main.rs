//! The Lambda binary behind `POST …/users/{user_id}/access-keys`.

use std::process::ExitCode;

use api::{app::App, exit_code, serve};
use create_access_key::create_access_key;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    exit_code(async {
        let app = &App::from_env_with_pepper().await?;
        serve(|request| create_access_key(app, request)).await
    })
    .await
}
