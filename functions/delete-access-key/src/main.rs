//! The Lambda binary behind `DELETE …/access-keys/{key_id}`.

use api::{answer, app::App};
use delete_access_key::delete_access_key;
use lambda_http::{Error, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let app = &App::from_env().await?;
    run(service_fn(|request| answer(delete_access_key(app, request)))).await
}
