//! The Lambda binary behind `DELETE …/access-keys/{key_id}`.

use std::process::ExitCode;

use api::{app::App, exit_code, serve};
use delete_access_key::delete_access_key;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    exit_code(async {
        let app = &App::from_env().await?;
        serve(|request| delete_access_key(app, request)).await
    })
    .await
}
