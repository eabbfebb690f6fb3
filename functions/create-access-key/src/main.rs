//! The Lambda binary behind `POST …/users/{user_id}/access-keys`.

use api::{answer, app::App};
use create_access_key::create_access_key;
use lambda_http::{Error, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let app = &App::from_env_with_pepper().await?;
    run(service_fn(|request| answer(create_access_key(app, request)))).await
}
