//! Shows one access key, or the permissions that it has.

mod permissions;

use api::{AccessKeyResponse, HandlerResult, Request, app::App, response};
use domain::access::Action;

/// Responds with the key that the path names, without any secret, or with its permissions and their sources.
pub async fn get_access_key(app: &App, request: lambda_http::Request) -> HandlerResult {
    let request = Request::read_member(request)?;
    request.query(&[])?;
    let member = &request.caller;
    let found = app.access_key(member, &request.path("key_id")?, Action::ReadKey).await?;
    match request.route.as_str() {
        "GET /v1/organizations/{organization_id}/access-keys/{key_id}" => {
            let version = found.key.version;
            let shown = AccessKeyResponse::new(found.key, found.user.kind, &app.key_prefix, request.now);
            Ok(response::ok(&shown, Some(version)))
        }
        "GET /v1/organizations/{organization_id}/access-keys/{key_id}/permissions" => {
            let catalog = app.snapshot(member).await?.catalog;
            Ok(response::ok(&permissions::explain(&found, &catalog), None))
        }
        _ => Err(request.unknown_route()),
    }
}
