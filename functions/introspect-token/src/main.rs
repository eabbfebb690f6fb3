//! The Lambda binary behind `POST /v1/introspect`.

use api::{answer, app::App};
use introspect_token::introspect_token;
use lambda_http::{Error, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let app = &App::from_env_with_pepper().await?;
    run(service_fn(|request| answer(introspect_token(app, request)))).await
}
