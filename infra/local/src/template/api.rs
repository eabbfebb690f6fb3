//! The HTTP API: routes, authorizers and stage variables.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Resources, names,
    resolve::{Resolver, object, plain_text},
};
use crate::{error::TemplateError, gateway::access_log::Format};

/// The HTTP API.
#[derive(Debug, Default)]
pub(crate) struct Api {
    pub(crate) routes: Vec<Route>,
    pub(crate) authorizers: BTreeMap<String, Authorizer>,
    pub(crate) stage_variables: BTreeMap<String, String>,
    /// The format of the access log; `None` if there is none.
    pub(crate) access_log: Option<Format>,
}

/// One route and the function behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    /// The method in capitals; `ANY` for every method.
    pub(crate) method: String,
    /// The path; `$default` for every request that no other route matches.
    pub(crate) path: String,
    pub(crate) function: String,
    pub(crate) authorizer: Option<String>,
}

impl Route {
    /// Returns the route's key, as events name it.
    pub(crate) fn key(&self) -> String {
        match self.path.as_str() {
            "$default" => self.path.clone(),
            path => format!("{} {path}", self.method),
        }
    }
}

/// One Lambda authorizer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Authorizer {
    pub(crate) function: String,
    /// Whether its events have payload format 2.0; otherwise they have 1.0.
    pub(crate) payload_2: bool,
    /// Whether it responds with `{"isAuthorized": …}`; otherwise with an IAM policy.
    pub(crate) simple: bool,
    pub(crate) identity: Vec<IdentitySource>,
    /// For how many seconds a response is cached; 0 without an identity source.
    pub(crate) cache_seconds: u64,
}

/// A part of a request that belongs to the cache key of an authorizer's response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum IdentitySource {
    /// A header, in lower case.
    Header(String),
    /// A query parameter.
    Query(String),
}

impl Api {
    /// Reads the HTTP API, and the routes from the events of the functions.
    pub(crate) fn read(
        template: &Value,
        resources: &Resources,
        resolver: &Resolver,
    ) -> Result<Self, TemplateError> {
        let api = resources.iter().find(|(_, resource)| resource["Type"] == "AWS::Serverless::HttpApi");
        let properties = api.map_or(Ok(Value::Null), |(_, api)| resolver.resolve(&api["Properties"]))?;
        let mut authorizers = BTreeMap::new();
        for (name, settings) in object(&properties["Auth"]["Authorizers"]) {
            authorizers.insert(name.clone(), authorizer(name, settings)?);
        }
        let default = properties["Auth"]["DefaultAuthorizer"].as_str();
        let mut routes = Vec::new();
        for (name, function) in
            resources.iter().filter(|(_, function)| function["Type"] == "AWS::Serverless::Function")
        {
            let folder = names::folder(&template["Resources"], name);
            for (_, event) in
                object(&function["Properties"]["Events"]).filter(|(_, event)| event["Type"] == "HttpApi")
            {
                let event = resolver.resolve(&event["Properties"])?;
                routes.push(route(&folder, &event, default, &authorizers)?);
            }
        }
        let stage_variables = object(&properties["StageVariables"]);
        let stage_variables =
            stage_variables.map(|(name, value)| (name.clone(), plain_text(value))).collect();
        let format = properties["AccessLogSettings"]["Format"].as_str();
        let access_log = format.map(Format::parse).transpose()?;
        Ok(Self { routes, authorizers, stage_variables, access_log })
    }
}

fn route(
    function: &str,
    event: &Value,
    default: Option<&str>,
    authorizers: &BTreeMap<String, Authorizer>,
) -> Result<Route, TemplateError> {
    let path = event["Path"].as_str().unwrap_or("$default").to_owned();
    let method = event["Method"].as_str().unwrap_or("ANY").to_ascii_uppercase();
    let method =
        if method == "*" || method == "X-AMAZON-APIGATEWAY-ANY-METHOD" { "ANY".to_owned() } else { method };
    let authorizer = event["Auth"]["Authorizer"].as_str().or(default).filter(|name| *name != "NONE");
    if let Some(name) = authorizer.filter(|name| !authorizers.contains_key(*name)) {
        return Err(TemplateError::new(
            format!("{method} {path}"),
            format!("names no known authorizer: {name}"),
        ));
    }
    Ok(Route { method, path, function: function.to_owned(), authorizer: authorizer.map(str::to_owned) })
}

fn authorizer(name: &str, settings: &Value) -> Result<Authorizer, TemplateError> {
    let arn = plain_text(&settings["FunctionArn"]);
    let function = names::function_of_arn(&arn);
    let function =
        function.ok_or_else(|| TemplateError::new(format!("authorizer {name}"), "has no FunctionArn"))?;
    let identity = &settings["Identity"];
    let list = |list: &Value| list.as_array().into_iter().flatten().map(plain_text).collect::<Vec<_>>();
    let headers =
        list(&identity["Headers"]).into_iter().map(|name| IdentitySource::Header(name.to_ascii_lowercase()));
    let identity_sources: Vec<_> =
        headers.chain(list(&identity["QueryStrings"]).into_iter().map(IdentitySource::Query)).collect();
    let cache_seconds = match &identity["ReauthorizeEvery"] {
        _ if identity_sources.is_empty() => 0,
        Value::Null => 300,
        seconds => plain_text(seconds).parse().unwrap_or(300),
    };
    Ok(Authorizer {
        function: function.to_owned(),
        payload_2: plain_text(&settings["AuthorizerPayloadFormatVersion"]).starts_with('2'),
        simple: plain_text(&settings["EnableSimpleResponses"]) == "true",
        identity: identity_sources,
        cache_seconds,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::{LocalUrls, Template};

    #[test]
    fn routes_take_the_default_authorizer_unless_they_say_none() {
        let template =
            Template::read(include_str!("fixture.yaml"), &LocalUrls::default(), &BTreeMap::new()).unwrap();
        let api = template.api;
        let route = |path: &str| api.routes.iter().find(|route| route.path == path).unwrap().clone();
        assert_eq!(route("/v1/whoami").authorizer.as_deref(), Some("AccessKeys"));
        assert_eq!(route("/v1/whoami").key(), "GET /v1/whoami");
        assert_eq!(route("/v1/introspect").authorizer, None);
        let authorizer = &api.authorizers["AccessKeys"];
        assert_eq!(authorizer.function, "authorize-request");
        assert!(authorizer.payload_2 && authorizer.simple && authorizer.identity.is_empty());
        assert_eq!(authorizer.cache_seconds, 0);
        assert_eq!(api.authorizers["Cached"].identity.len(), 2);
        assert_eq!(api.authorizers["Cached"].cache_seconds, 60);
        assert_eq!(api.stage_variables["color"], "blue");
    }
}
