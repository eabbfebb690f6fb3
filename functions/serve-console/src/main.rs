//! The Lambda binary behind `GET /console` and `GET /console/{path+}`.

use api::{app::Environment, serve};
use lambda_http::Error;
use serve_console::serve_console;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    Environment::start()?;
    serve(serve_console).await
}
