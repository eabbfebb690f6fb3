//! The Lambda binary behind `POST …/access-keys/{key_id}/revoke`.

use std::process::ExitCode;

use api::{app::App, exit_code, serve};
use revoke_access_key::revoke_access_key;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    exit_code(async {
        let app = &App::from_env().await?;
        serve(|request| revoke_access_key(app, request)).await
    })
    .await
}
