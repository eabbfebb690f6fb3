//! The Lambda binary behind `GET /v1/openapi.json`.

use std::future::ready;

use api::{app::Environment, serve};
use describe_api::{Documents, describe_api};
use lambda_http::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let documents = &Documents::new(&Environment::start()?.parse("KEY_PREFIX")?);
    serve(|request| ready(describe_api(documents, request))).await
}
