//! The Lambda binary behind `GET …/access-keys/{key_id}`.

use api::{answer, app::App};
use get_access_key::get_access_key;
use lambda_http::{Error, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let app = &App::from_env().await?;
    run(service_fn(|request| answer(get_access_key(app, request)))).await
}
