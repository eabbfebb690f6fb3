//! The setting that says which permissions routes need.

use std::{collections::HashMap, str::FromStr};

use domain::permission::Permission;

use super::Routes;

impl FromStr for Routes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let routes: HashMap<String, Permission> = serde_json::from_str(text)
            .map_err(|error| format!("must be a JSON object from route to permission: {error}"))?;
        match routes.keys().find(|route| !well_formed(route)) {
            Some(route) => Err(format!(
                "{route:?} must be `METHOD /path`, `$connect` or `$default`, or one of them after `<api id> `"
            )),
            None => Ok(Self(routes)),
        }
    }
}

fn well_formed(route: &str) -> bool {
    let parts: Vec<_> = route.split(' ').collect();
    match parts[..] {
        ["$default" | "$connect"] | [_, "$default" | "$connect"] => true,
        [method, path] | [_, method, path] => {
            method.bytes().all(|c| c.is_ascii_uppercase()) && path.starts_with('/')
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_name_no_route_are_refused() {
        assert!("{}".parse::<Routes>().is_ok());
        assert!(r#"{"GET /a": "a:read", "x1 ANY /b/{c}": "b:*", "$default": "c", "x1 $connect": "d"}"#.parse::<Routes>().is_ok());
        for text in
            ["", "[]", r#"{"get /a": "a"}"#, r#"{"GET a": "a"}"#, r#"{"GET /a": "A"}"#, r#"{"/a": "a"}"#]
        {
            assert!(text.parse::<Routes>().is_err(), "{text}");
        }
    }
}
