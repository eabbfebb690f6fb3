//! The Lambda binary behind `GET …/audit-events`.

use std::process::ExitCode;

use api::{app::App, exit_code, serve};
use list_audit_events::list_audit_events;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    exit_code(async {
        let app = &App::from_env().await?;
        serve(|request| list_audit_events(app, request)).await
    })
    .await
}
