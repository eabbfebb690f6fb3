//! The Lambda binary behind `…/roles` and `…/groups`.

use api::{app::App, serve};
use lambda_http::Error;
use manage_roles::manage_roles;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let app = &App::from_env().await?;
    serve(|request| manage_roles(app, request)).await
}
