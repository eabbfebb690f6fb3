//! The Lambda binary behind `POST /v1/introspect`.

use std::process::ExitCode;

use api::{app::App, exit_code, serve};
use introspect_token::introspect_token;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    exit_code(async {
        let app = &App::from_env_with_pepper().await?;
        serve(|request| introspect_token(app, request)).await
    })
    .await
}
