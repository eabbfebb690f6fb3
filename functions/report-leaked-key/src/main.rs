//! The Lambda binary behind `POST /v1/leaked-keys` and `POST /v1/leaked-keys/github`.

use api::{app::App, serve};
use lambda_http::Error;
use report_leaked_key::{GithubKeys, report_leaked_key};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let app = &App::from_env_with_pepper().await?;
    let github = &app.environment.parse_or("GITHUB_PUBLIC_KEYS", GithubKeys::default())?;
    serve(|request| report_leaked_key(app, github, request)).await
}
