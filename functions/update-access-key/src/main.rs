//! The Lambda binary behind `PATCH …/access-keys/{key_id}`.

use api::{app::App, serve};
use lambda_http::Error;
use update_access_key::update_access_key;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let app = &App::from_env().await?;
    serve(|request| update_access_key(app, request)).await
}
