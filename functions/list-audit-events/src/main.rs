//! The Lambda binary behind `GET …/audit-events`.

use api::{app::App, serve};
use lambda_http::Error;
use list_audit_events::list_audit_events;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let app = &App::from_env().await?;
    serve(|request| list_audit_events(app, request)).await
}
