//! The Lambda binary behind `GET …/access-keys` and `GET …/users/{user_id}/access-keys`.

use api::{answer, app::App};
use lambda_http::{Error, run, service_fn};
use list_access_keys::list_access_keys;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let app = &App::from_env().await?;
    run(service_fn(|request| answer(list_access_keys(app, request)))).await
}
