//! The Lambda binary behind `POST …/access-keys/{key_id}/rotate`.

use api::{app::App, serve};
use lambda_http::Error;
use rotate_access_key::rotate_access_key;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let app = &App::from_env_with_pepper().await?;
    serve(|request| rotate_access_key(app, request)).await
}
