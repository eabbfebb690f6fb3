//! The Lambda binary behind `POST …/access-keys/{key_id}/revoke`.

use api::{app::App, serve};
use lambda_http::Error;
use revoke_access_key::revoke_access_key;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let app = &App::from_env().await?;
    serve(|request| revoke_access_key(app, request)).await
}
