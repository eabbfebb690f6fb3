//! The Lambda binary behind the custom resource `Custom::AccessKeyRoutes`.

use std::process::ExitCode;

use declare_routes::{Declarer, declare_routes};
use lambda_runtime::{Runtime, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    api::exit_code(async {
        let declarer = &Declarer::from_env().await?;
        api::run(Runtime::new(service_fn(|event| declare_routes(declarer, event)))).await
    })
    .await
}
