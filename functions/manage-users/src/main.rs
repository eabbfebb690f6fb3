//! The Lambda binary behind `…/users`.

use api::{answer, app::App};
use lambda_http::{Error, run, service_fn};
use manage_users::manage_users;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let app = &App::from_env_with_pepper().await?;
    run(service_fn(|request| answer(manage_users(app, request)))).await
}
