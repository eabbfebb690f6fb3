//! The Lambda binary behind `GET …/audit-events`.

use api::{answer, app::App};
use lambda_http::{Error, run, service_fn};
use list_audit_events::list_audit_events;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let app = &App::from_env().await?;
    run(service_fn(|request| answer(list_audit_events(app, request)))).await
}
