//! Shows one access key.

use api::{Answer, KeyAnswer, Request, app::App, ok};
use domain::access::Action;
use lambda_http::Request as Event;

/// Answers the key that the path names, without any secret.
pub async fn get_access_key(app: &App, event: Event) -> Answer {
    let request = Request::read(event)?;
    request.query(&[])?;
    let found = app.access_key(request.member()?, &request.path("key_id")?, Action::ReadKey).await?;
    let version = found.key.version;
    Ok(ok(&KeyAnswer::new(found.key, found.user.kind, &app.key_prefix, request.now), Some(version)))
}
