//! The Lambda binary behind `GET …/access-keys` and `GET …/users/{user_id}/access-keys`.

use std::process::ExitCode;

use api::{app::App, exit_code, serve};
use list_access_keys::list_access_keys;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    exit_code(async {
        let app = &App::from_env().await?;
        serve(|request| list_access_keys(app, request)).await
    })
    .await
}
