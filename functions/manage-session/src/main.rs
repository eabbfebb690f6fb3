//! The Lambda binary behind the console's sign-in, session and sign-out.

use std::process::ExitCode;

use api::{exit_code, serve};
use manage_session::{Console, manage_session};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    exit_code(async {
        let console = &Console::from_env().await?;
        serve(|request| manage_session(console, request)).await
    })
    .await
}
