//! Shows one access key, or the permissions that it has.

#[cfg(feature = "openapi")]
mod openapi;
mod permissions;

use api::{AccessKeyResponse, HandlerResult, Request, app::App, response};
use domain::access::Action;

#[cfg(feature = "openapi")]
pub use openapi::operations;

/// Responds with the key that the path names, without any secret, or with its permissions and their sources.
pub async fn get_access_key(app: &App, request: lambda_http::Request) -> HandlerResult {
    let request = Request::read_member(request)?;
    let found = async || app.access_key(&request, &request.path("key_id")?, Action::ReadKey).await;
    match request.route.as_str() {
        "GET /v1/organizations/{organization_id}/access-keys/{key_id}" => {
            request.query(&[])?;
            let found = found().await?;
            let version = found.key.version;
            let shown = AccessKeyResponse::new(found.key, &found.user, &app.key_prefix, request.now);
            request.show(&shown, version)
        }
        "GET /v1/organizations/{organization_id}/access-keys/{key_id}/permissions" => {
            let explanation = permissions::explain(app, &request, &found().await?).await?;
            Ok(response::ok(&explanation, None))
        }
        _ => Err(request.unknown_route()),
    }
}
