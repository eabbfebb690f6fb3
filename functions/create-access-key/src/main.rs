//! The Lambda binary behind `POST …/users/{user_id}/access-keys`.

use api::{app::App, serve};
use create_access_key::create_access_key;
use lambda_http::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let app = &App::from_env_with_pepper().await?;
    serve(|request| create_access_key(app, request)).await
}
