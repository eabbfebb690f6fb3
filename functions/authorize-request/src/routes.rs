//! The permissions that routes need (`ROUTE_PERMISSIONS`).

mod setting;

use std::collections::HashMap;

use domain::{joined::Joined, permission::Permission};

use crate::authorizer_request::AuthorizerRequest;

/// The permissions that routes need, from the template's parameter `RoutePermissions`.
///
/// `{"GET /clusters": "clusters:read", "<api id> GET /x": "…", "<api id> $connect": "…"}`. A route that is not listed needs a
/// valid caller only.
#[derive(Debug, Default)]
pub(crate) struct Routes(HashMap<String, Permission>);

impl Routes {
    /// Tells whether a caller with `permissions` may use the route.
    ///
    /// A route is found by the request's method and by `ANY`, with and without the API's id. The caller needs
    /// every permission that is listed for it. `HEAD` needs what `GET` needs too: it runs the same code in most
    /// backends, and its headers describe the answer.
    pub(crate) fn permit(&self, request: &AuthorizerRequest, permissions: &Joined<Permission>) -> bool {
        if self.0.is_empty() {
            return true;
        }
        let path = request.route_path();
        let names = match (path, request.method.as_str()) {
            ("$default" | "$connect", _) => vec![path.to_owned()],
            (path, "HEAD") => ["HEAD", "GET", "ANY"].map(|method| format!("{method} {path}")).into(),
            (path, method) => vec![format!("{method} {path}"), format!("ANY {path}")],
        };
        names
            .into_iter()
            .flat_map(|name| [format!("{} {name}", request.ids.api_id), name])
            .filter_map(|name| self.0.get(&name))
            .all(|needed| permissions.cover(needed))
    }

    /// Tells whether any route of an API needs a permission.
    pub(crate) fn concern(&self, api_id: &str) -> bool {
        self.0.keys().any(|route| match route.split(' ').collect::<Vec<_>>()[..] {
            [named, _, _] | [named, "$default" | "$connect"] => named == api_id,
            _ => true,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use api::RequestIds;

    use super::*;

    fn request_of(method: &str, route: &str) -> AuthorizerRequest {
        let (api_id, route) = ("x1".to_owned(), route.to_owned());
        AuthorizerRequest {
            ids: Arc::new(RequestIds { api_id, route, ..RequestIds::default() }),
            method: method.to_owned(),
            ..AuthorizerRequest::sample()
        }
    }

    #[test]
    fn a_route_is_found_by_its_method_and_by_any() {
        let request = |route: &str| request_of("GET", route);
        let held = Joined::try_from("a:read".to_owned()).unwrap();
        for (setting, route_key, permitted) in [
            (r#"{"GET /a": "a:read"}"#, "GET /a", true),
            (r#"{"GET /a": "b"}"#, "GET /a", false),
            (r#"{"GET /a": "b"}"#, "ANY /a", false),
            (r#"{"ANY /a": "b"}"#, "GET /a", false),
            (r#"{"x1 ANY /a": "b"}"#, "GET /a", false),
            (r#"{"x2 ANY /a": "b"}"#, "GET /a", true),
            (r#"{"x1 GET /a": "b", "GET /a": "a:read"}"#, "GET /a", false),
            (r#"{"POST /a": "b"}"#, "GET /a", true),
            (r#"{"$default": "b"}"#, "$default", false),
            (r#"{"$connect": "b"}"#, "$connect", false),
            (r#"{"x1 $connect": "b"}"#, "$connect", false),
            (r#"{"x2 $connect": "b", "$default": "b", "ANY /a": "b"}"#, "$connect", true),
            (r#"{"$connect": "b"}"#, "GET /a", true),
            (r#"{"GET /b": "b"}"#, "GET /a", true),
        ] {
            let routes: Routes = setting.parse().unwrap();
            assert_eq!(routes.permit(&request(route_key), &held), permitted, "{setting} {route_key}");
        }
    }

    #[test]
    fn head_needs_what_get_needs() {
        let held = Joined::try_from("a:read".to_owned()).unwrap();
        for (setting, method, permitted) in [
            (r#"{"GET /a": "b"}"#, "HEAD", false),
            (r#"{"x1 GET /a": "b"}"#, "HEAD", false),
            (r#"{"HEAD /a": "b"}"#, "HEAD", false),
            (r#"{"HEAD /a": "a:read", "GET /a": "b"}"#, "HEAD", false),
            (r#"{"ANY /a": "b"}"#, "HEAD", false),
            (r#"{"GET /a": "a:read"}"#, "HEAD", true),
            (r#"{"x2 GET /a": "b"}"#, "HEAD", true),
            (r#"{"HEAD /a": "b"}"#, "GET", true),
            (r#"{"GET /a": "b"}"#, "OPTIONS", true),
        ] {
            for route_key in [format!("{method} /a"), "ANY /a".to_owned()] {
                let request = request_of(method, &route_key);
                let routes: Routes = setting.parse().unwrap();
                assert_eq!(routes.permit(&request, &held), permitted, "{setting} {method} {route_key}");
            }
        }
    }

    #[test]
    fn routes_of_any_api_concern_each_and_those_of_one_api_that_one_alone() {
        for (setting, concerned) in [
            ("{}", false),
            (r#"{"GET /a": "a"}"#, true),
            (r#"{"$default": "a"}"#, true),
            (r#"{"x1 GET /a": "a"}"#, true),
            (r#"{"x1 $default": "a"}"#, true),
            (r#"{"x1 $connect": "a"}"#, true),
            (r#"{"x2 $connect": "a"}"#, false),
            (r#"{"x2 GET /a": "a", "x2 $default": "a"}"#, false),
        ] {
            assert_eq!(setting.parse::<Routes>().unwrap().concern("x1"), concerned, "{setting}");
        }
    }
}
