//! The properties of the resource in the template of the API.

use domain::route_declaration::{BadDeclaration, Quoted, RouteDeclaration};
use serde_json::{Map, Value};

/// The properties that `CloudFormation` keeps for itself.
const OF_CLOUDFORMATION: [&str; 2] = ["ServiceToken", "ServiceTimeout"];

/// What the template of an API says.
#[derive(Debug)]
pub(crate) struct Properties {
    pub(crate) api_id: String,
    pub(crate) declaration: RouteDeclaration,
}

/// Why the properties are refused, in words for whoever deploys them.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadProperties {
    /// Nothing has this name.
    #[error("{0} is no property: there are ApiId, Default and Routes")]
    Unknown(Quoted),
    /// It names no API.
    #[error("ApiId must be the id of an API: a-z and 0-9, 32 characters at most")]
    ApiId,
    /// It is no object.
    #[error("Routes must be an object from route to permission")]
    Routes,
    /// What the route needs is no text.
    #[error("Routes: {0} must be a text")]
    NoText(Quoted),
    /// The routes break a rule.
    #[error(transparent)]
    Declaration(#[from] BadDeclaration),
}

impl Properties {
    pub(crate) fn parse(properties: &Map<String, Value>) -> Result<Self, BadProperties> {
        let known = |name: &&String| {
            OF_CLOUDFORMATION.contains(&name.as_str())
                || ["ApiId", "Default", "Routes"].contains(&name.as_str())
        };
        if let Some(unknown) = properties.keys().find(|name| !known(name)) {
            return Err(BadProperties::Unknown(Quoted::new(unknown)));
        }
        let api_id = api_id(properties).ok_or(BadProperties::ApiId)?.to_owned();
        let undeclared = properties.get("Default").and_then(Value::as_str).unwrap_or_default();
        let routes = properties.get("Routes").and_then(Value::as_object).ok_or(BadProperties::Routes)?;
        let mut texts = Vec::with_capacity(routes.len());
        for (route, need) in routes {
            let need = need.as_str().ok_or_else(|| BadProperties::NoText(Quoted::new(route)))?;
            texts.push((route.as_str(), need));
        }
        let declaration = RouteDeclaration::parse(undeclared, texts.into_iter())?;
        Ok(Self { api_id, declaration })
    }
}

/// Reads the id of the API; `None` if it can be none.
pub(crate) fn api_id(properties: &Map<String, Value>) -> Option<&str> {
    let text = properties.get("ApiId")?.as_str()?;
    let plain = text.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    (plain && (1..=32).contains(&text.len())).then_some(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(change: impl Fn(&mut Value)) -> Result<Properties, String> {
        let mut properties = json!({
            "ServiceToken": "arn:aws:lambda:eu-west-1:123456789012:function:declare-routes",
            "ServiceTimeout": "60",
            "ApiId": "a1b2c3d4e5",
            "Default": "deny",
            "Routes": {"GET /clusters": "clusters:read", "ANY /health": "caller"},
        });
        change(&mut properties);
        Properties::parse(properties.as_object().unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn wrong_properties_are_refused_by_name_and_rule() {
        assert_eq!(parse(|_| ()).unwrap().declaration.routes.len(), 2);
        assert!(parse(|all| all["Routes"] = json!({})).is_ok());
        for length in [1, 32] {
            assert!(parse(|all| all["ApiId"] = json!("a".repeat(length))).is_ok(), "{length}");
        }
        for (name, value, told) in [
            ("Route", json!({}), "\"Route\" is no property"),
            ("ApiId", json!(null), "ApiId must"),
            ("ApiId", json!("A1"), "ApiId must"),
            ("ApiId", json!(""), "ApiId must"),
            ("ApiId", json!("a".repeat(33)), "ApiId must"),
            ("ApiId", json!("a#b"), "ApiId must"),
            ("Default", json!("open"), "Default must"),
            ("Default", json!(null), "Default must"),
            ("Routes", json!("GET /a"), "Routes must be an object"),
            ("Routes", json!(null), "Routes must be an object"),
            ("Routes", json!({"GET /a": ["a"]}), r#"Routes: "GET /a" must be a text"#),
            ("Routes", json!({"GET /a": "A"}), r#"Routes: "GET /a": "A" must be"#),
            ("Routes", json!({"GET a": "a"}), r#"Routes: "GET a" must be"#),
        ] {
            let refused = parse(|all| all[name] = value.clone()).unwrap_err();
            assert!(refused.contains(told), "{name} {value}: {refused}");
        }
    }
}
