//! The Lambda binary behind `GET …/access-keys` and `GET …/users/{user_id}/access-keys`.

use api::{app::App, serve};
use lambda_http::Error;
use list_access_keys::list_access_keys;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let app = &App::from_env().await?;
    serve(|request| list_access_keys(app, request)).await
}
