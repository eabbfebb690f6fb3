//! The Lambda binary behind `…/users/{user_id}/inbox`.

use api::{app::App, serve};
use lambda_http::Error;
use manage_inbox::manage_inbox;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let app = &App::from_env().await?;
    serve(|request| manage_inbox(app, request)).await
}
