//! Shows one access key, or what it permits.

mod permissions;

use api::{Answer, KeyAnswer, Request, app::App, ok};
use domain::access::Action;
use lambda_http::Request as Event;

/// Answers the key that the path names, without any secret, or its permissions and their sources.
pub async fn get_access_key(app: &App, event: Event) -> Answer {
    let request = Request::read(event)?;
    request.query(&[])?;
    let member = request.member()?;
    let found = app.access_key(member, &request.path("key_id")?, Action::ReadKey).await?;
    match request.route.as_str() {
        "GET /v1/organizations/{organization_id}/access-keys/{key_id}" => {
            let version = found.key.version;
            Ok(ok(&KeyAnswer::new(found.key, found.user.kind, &app.key_prefix, request.now), Some(version)))
        }
        "GET /v1/organizations/{organization_id}/access-keys/{key_id}/permissions" => {
            let catalog = app.snapshot(member).await?.catalog;
            Ok(ok(&permissions::explain(&found, &catalog), None))
        }
        _ => Err(request.unknown_route()),
    }
}
