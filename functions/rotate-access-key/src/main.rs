//! The Lambda binary behind `POST …/access-keys/{key_id}/rotate`.

use api::{answer, app::App};
use lambda_http::{Error, run, service_fn};
use rotate_access_key::rotate_access_key;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let app = &App::from_env_with_pepper().await?;
    run(service_fn(|request| answer(rotate_access_key(app, request)))).await
}
