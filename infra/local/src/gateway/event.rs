//! The events of payload format 2.0, for integrations and for authorizers.

use std::{collections::BTreeMap, net::SocketAddr};

use bytes::Bytes;
use hyper::{
    HeaderMap, Version,
    header::{COOKIE, HOST, USER_AGENT},
    http::request::Parts,
};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    body,
    rest::RestRequest,
    route::{RouteMatch, decode},
};
use crate::{
    random,
    template::{ACCOUNT, REGION, names::API_ID},
};

/// One request, on its way through the gateway.
#[derive(Debug)]
pub(super) struct GatewayEvent {
    /// The fields that the events of authorizer and integration share.
    common: Map<String, Value>,
    request_context: Map<String, Value>,
    route_arn: String,
    /// The request for an authorizer that is configured for payload format 1.0.
    pub(super) rest: RestRequest,
}

impl GatewayEvent {
    pub(super) fn new(
        head: &Parts,
        peer: SocketAddr,
        matched: &RouteMatch,
        stage_variables: &BTreeMap<String, String>,
        request_id: &str,
        now: Timestamp,
    ) -> Self {
        let route_key = matched.route.key();
        let path = decode(head.uri.path());
        let query = head.uri.query().unwrap_or_default();
        let source_ip = peer.ip().to_string();
        let user_agent = text(&head.headers, USER_AGENT.as_str());
        let domain_name = domain_name(&text(&head.headers, "host"));
        let protocol = if head.version == Version::HTTP_10 { "HTTP/1.0" } else { "HTTP/1.1" };
        let headers = headers(&head.headers, peer);

        let mut common = Map::new();
        common.insert("version".to_owned(), "2.0".into());
        common.insert("routeKey".to_owned(), route_key.clone().into());
        common.insert("rawPath".to_owned(), path.clone().into());
        common.insert("rawQueryString".to_owned(), query.into());
        if let Some(cookies) = cookies(&head.headers) {
            common.insert("cookies".to_owned(), cookies);
        }
        common.insert(
            "headers".to_owned(),
            headers
                .iter()
                .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
                .collect::<Map<_, _>>()
                .into(),
        );
        let parameters = joined(form_urlencoded::parse(query.as_bytes()).into_owned());
        if !parameters.is_empty() {
            common.insert("queryStringParameters".to_owned(), parameters.into());
        }
        if !matched.path_parameters.is_empty() {
            common.insert("pathParameters".to_owned(), matched.path_parameters.clone().into());
        }
        if !stage_variables.is_empty() {
            common.insert("stageVariables".to_owned(), json!(stage_variables));
        }
        let request_context = json!({
            "accountId": ACCOUNT,
            "apiId": API_ID,
            "domainName": domain_name,
            "domainPrefix": API_ID,
            "http": {
                "method": head.method.as_str(),
                "path": path,
                "protocol": protocol,
                "sourceIp": source_ip,
                "userAgent": user_agent,
            },
            "requestId": request_id,
            "routeKey": route_key,
            "stage": "$default",
            "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "timeEpoch": now.as_millisecond(),
        });
        let path_parameters = matched
            .path_parameters
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
        let rest = RestRequest {
            api_id: API_ID.to_owned(),
            stage: "$default".to_owned(),
            method: head.method.to_string(),
            resource: matched.route.path.clone(),
            path: path.clone(),
            headers: headers.into_iter().collect(),
            query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            path_parameters: path_parameters.collect(),
            stage_variables: stage_variables.clone(),
            source_ip,
            time: now,
        };
        Self {
            common,
            request_context: into_map(request_context),
            route_arn: format!(
                "arn:aws:execute-api:{REGION}:{ACCOUNT}:{API_ID}/$default/{}{path}",
                head.method
            ),
            rest,
        }
    }

    /// Returns the ARN of the requested route.
    pub(super) fn route_arn(&self) -> &str {
        &self.route_arn
    }

    /// Reads a header's value, several joined with commas.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.common["headers"].get(name)?.as_str()
    }

    /// Reads a query parameter's value, several joined with commas.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.common.get("queryStringParameters")?.get(name)?.as_str()
    }

    /// Renders the event of an authorizer.
    pub(super) fn authorizer(&self, identity: &[String]) -> Value {
        let mut event = self.common.clone();
        event.insert("type".to_owned(), "REQUEST".into());
        event.insert("routeArn".to_owned(), self.route_arn.clone().into());
        let identity = if identity.is_empty() { Value::Null } else { json!(identity) };
        event.insert("identitySource".to_owned(), identity);
        event.insert("requestContext".to_owned(), self.request_context.clone().into());
        event.into()
    }

    /// Adds the context of the authorizer.
    pub(super) fn authorize(&mut self, context: &Value) {
        self.request_context.insert("authorizer".to_owned(), json!({ "lambda": context }));
    }

    /// Renders the event of the integration.
    pub(super) fn integration(self, head: &Parts, body: Bytes) -> Value {
        let mut event = self.common;
        event.insert("requestContext".to_owned(), self.request_context.into());
        let (body, is_base64) = body::render(&head.headers, body);
        if let Some(body) = body {
            event.insert("body".to_owned(), body.into());
        }
        event.insert("isBase64Encoded".to_owned(), is_base64.into());
        event.into()
    }
}

fn into_map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Reads a header as text; empty if it is absent.
pub(super) fn text(headers: &HeaderMap, name: &str) -> String {
    let value = headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    value.unwrap_or_default()
}

fn cookies(headers: &HeaderMap) -> Option<Value> {
    let sent =
        headers.get_all(COOKIE).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let cookies: Vec<String> = sent
        .flat_map(|line| {
            line.split(';').map(|cookie| cookie.trim_matches([' ', '\t']).to_owned()).collect::<Vec<_>>()
        })
        .collect();
    (!cookies.is_empty()).then(|| json!(cookies))
}

/// Returns the headers in lower case, with several values joined, and with the headers that the gateway adds.
fn headers(sent: &HeaderMap, peer: SocketAddr) -> BTreeMap<String, String> {
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in sent.iter().filter(|(name, _)| *name != COOKIE) {
        let value = String::from_utf8_lossy(value.as_bytes());
        headers
            .entry(name.as_str().to_owned())
            .and_modify(|joined| {
                joined.push(',');
                joined.push_str(&value);
            })
            .or_insert_with(|| value.clone().into_owned());
    }
    let forwarded = match headers.get("x-forwarded-for") {
        Some(already) => format!("{already}, {}", peer.ip()),
        None => peer.ip().to_string(),
    };
    let port = headers
        .get(HOST.as_str())
        .and_then(|host| host.rsplit_once(':'))
        .map_or("80", |(_, port)| port)
        .to_owned();
    headers.insert("x-forwarded-for".to_owned(), forwarded);
    headers.insert("x-forwarded-port".to_owned(), port);
    headers.insert("x-forwarded-proto".to_owned(), "http".to_owned());
    headers.entry("x-amzn-trace-id".to_owned()).or_insert_with(|| format!("Root=1-{}", random::uuid()));
    headers
}

fn joined(pairs: impl Iterator<Item = (String, String)>) -> Map<String, Value> {
    let mut joined: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in pairs {
        joined
            .entry(name)
            .and_modify(|before| {
                before.push(',');
                before.push_str(&value);
            })
            .or_insert(value);
    }
    joined.into_iter().map(|(name, value)| (name, value.into())).collect()
}

/// Returns the domain that the client called: this machine's, or else the one that AWS would give the API.
fn domain_name(host: &str) -> String {
    let (name, port) = host.split_once(':').unwrap_or((host, ""));
    if ["localhost", "127.0.0.1"].contains(&name) && port.bytes().all(|digit| digit.is_ascii_digit()) {
        return host.to_owned();
    }
    format!("{API_ID}.execute-api.{REGION}.amazonaws.com")
}
