use std::{collections::HashMap, str::FromStr};

use domain::permission::{Permission, covered};

use crate::event::Presented;

/// The permissions that routes need, as the template's `RoutePermissions` gives them.
///
/// `{"GET /clusters": "clusters:read", "<api id> GET /x": "…"}`. A route that is not listed needs a
/// valid caller only.
#[derive(Debug, Default)]
pub(crate) struct Routes(HashMap<String, Permission>);

impl FromStr for Routes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let routes: HashMap<String, Permission> = serde_json::from_str(text)
            .map_err(|error| format!("must be a JSON object from route to permission: {error}"))?;
        match routes.keys().find(|route| !well_formed(route)) {
            Some(route) => Err(format!("{route:?} must be `METHOD /path` or `<api id> METHOD /path`")),
            None => Ok(Self(routes)),
        }
    }
}

fn well_formed(route: &str) -> bool {
    let parts: Vec<_> = route.split(' ').collect();
    match parts[..] {
        ["$default"] | [_, "$default"] => true,
        [method, path] | [_, method, path] => {
            method.bytes().all(|c| c.is_ascii_uppercase()) && path.starts_with('/')
        }
        _ => false,
    }
}

impl Routes {
    /// Tells whether whoever holds `permissions` may use the route.
    ///
    /// A route that the gateway has for any method is found under its own name and under the
    /// method that was used; all that are listed must be held.
    pub(crate) fn permit(&self, presented: &Presented, permissions: &[Permission]) -> bool {
        let path = presented.route_key.split_once(' ').map_or("", |(_, path)| path);
        let used = format!("{} {path}", presented.method);
        [&presented.route_key, &used]
            .into_iter()
            .flat_map(|route| [route.clone(), format!("{} {route}", presented.api_id)])
            .filter_map(|route| self.0.get(&route))
            .all(|needed| covered(permissions, needed.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_name_no_route_are_refused() {
        assert!("{}".parse::<Routes>().is_ok());
        assert!(r#"{"GET /a": "a:read", "x1 ANY /b/{c}": "b:*", "$default": "c"}"#.parse::<Routes>().is_ok());
        for text in
            ["", "[]", r#"{"get /a": "a"}"#, r#"{"GET a": "a"}"#, r#"{"GET /a": "A"}"#, r#"{"/a": "a"}"#]
        {
            assert!(text.parse::<Routes>().is_err(), "{text}");
        }
    }
}
