//! The Lambda binary behind `…/users`.

use api::{app::App, serve};
use lambda_http::Error;
use manage_users::manage_users;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let app = &App::from_env_with_pepper().await?;
    serve(|request| manage_users(app, request)).await
}
