//! The Lambda binary behind `PATCH …/access-keys/{key_id}`.

use api::{answer, app::App};
use lambda_http::{Error, run, service_fn};
use update_access_key::update_access_key;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let app = &App::from_env().await?;
    run(service_fn(|request| answer(update_access_key(app, request)))).await
}
