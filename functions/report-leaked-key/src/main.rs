//! The Lambda binary behind `POST /v1/leaked-keys` and `POST /v1/leaked-keys/github`.

use std::process::ExitCode;

use api::{app::App, exit_code, serve};
use report_leaked_key::{GithubKeys, report_leaked_key};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    exit_code(async {
        let app = &App::from_env_with_pepper().await?;
        let github = &app.environment.parse_or("GITHUB_PUBLIC_KEYS", GithubKeys::default())?;
        serve(|request| report_leaked_key(app, github, request)).await
    })
    .await
}
