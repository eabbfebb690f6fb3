//! The Lambda binary behind `GET /v1/openapi.json`.

use std::{future::ready, process::ExitCode};

use api::{app::Environment, exit_code, serve};
use describe_api::{Documents, describe_api};

/// The document as it is committed. It stands here, so that the crate that writes it compiles without it.
const DOCUMENT: &str = include_str!("../../../infra/openapi/openapi.json");

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    exit_code(async {
        let documents = &Documents::new(DOCUMENT, &Environment::start()?.parse("KEY_PREFIX")?);
        serve(|request| ready(describe_api(documents, request))).await
    })
    .await
}
