//! The Lambda binary behind `POST …/access-keys/{key_id}/revoke`.

use api::{answer, app::App};
use lambda_http::{Error, run, service_fn};
use revoke_access_key::revoke_access_key;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let app = &App::from_env().await?;
    run(service_fn(|request| answer(revoke_access_key(app, request)))).await
}
