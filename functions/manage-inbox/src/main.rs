//! The Lambda binary behind `…/users/{user_id}/inbox`.

use api::{answer, app::App};
use lambda_http::{Error, run, service_fn};
use manage_inbox::manage_inbox;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let app = &App::from_env().await?;
    run(service_fn(|request| answer(manage_inbox(app, request)))).await
}
