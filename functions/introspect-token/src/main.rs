//! The Lambda binary behind `POST /v1/introspect`.

use api::{app::App, serve};
use introspect_token::introspect_token;
use lambda_http::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let app = &App::from_env_with_pepper().await?;
    serve(|request| introspect_token(app, request)).await
}
