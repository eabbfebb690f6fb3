//! The Lambda binary behind `…/roles` and `…/groups`.

use api::{answer, app::App};
use lambda_http::{Error, run, service_fn};
use manage_roles::manage_roles;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let app = &App::from_env().await?;
    run(service_fn(|request| answer(manage_roles(app, request)))).await
}
