//! The Lambda binary behind `DELETE …/access-keys/{key_id}`.

use api::{app::App, serve};
use delete_access_key::delete_access_key;
use lambda_http::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let app = &App::from_env().await?;
    serve(|request| delete_access_key(app, request)).await
}
