//! The Lambda binary behind `GET …/access-keys/{key_id}`.

use api::{app::App, serve};
use get_access_key::get_access_key;
use lambda_http::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let app = &App::from_env().await?;
    serve(|request| get_access_key(app, request)).await
}
