//! The Lambda binary behind `POST /v1/introspect`.

use std::process::ExitCode;

use api::{exit_code, serve};
use introspect_token::{Introspector, introspect_token};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    exit_code(async {
        let introspector = &Introspector::from_env().await?;
        serve(|request| introspect_token(introspector, request)).await
    })
    .await
}
