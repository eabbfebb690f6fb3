//! The gateway's question to the authorizer, read from its two event formats.
//!
//! Over 300 lines: half of them are tests.

use std::sync::Arc;

use api::{AuthorizerContext, RequestIds, app::Moment};
use domain::{
    Time,
    audit::{Actor, Origin},
};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;

use crate::{
    failure::Failure,
    headers::Headers,
    query::{all_values, pairs_of, parameters},
};

/// Payload 2.0 of HTTP APIs, 1.0 of REST APIs, or that of the `$connect` route of WebSocket APIs.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload<'a> {
    version: Option<String>,
    route_key: Option<String>,
    raw_path: Option<String>,
    raw_query_string: Option<String>,
    method_arn: Option<String>,
    http_method: Option<String>,
    resource: Option<String>,
    path: Option<String>,
    headers: Option<Headers>,
    /// Parsed only for a request of the console.
    #[serde(borrow)]
    cookies: Option<&'a RawValue>,
    multi_value_headers: Option<Headers>,
    /// Parsed only where there is no raw query.
    #[serde(borrow)]
    query_string_parameters: Option<&'a RawValue>,
    /// As above.
    #[serde(borrow)]
    multi_value_query_string_parameters: Option<&'a RawValue>,
    path_parameters: Option<PathParameters>,
    stage_variables: Option<StageVariables>,
    request_context: RequestContext,
}

#[derive(Deserialize)]
struct PathParameters {
    organization_id: Option<String>,
}

#[derive(Deserialize)]
struct StageVariables {
    sign_in_routes: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    api_id: String,
    request_id: String,
    time_epoch: Option<i64>,
    request_time_epoch: Option<i64>,
    http: Option<Http>,
    identity: Option<Identity>,
    /// Only an event of a WebSocket API has one.
    connection_id: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Http {
    method: String,
    source_ip: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    source_ip: String,
}

/// The format of the response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Format {
    /// `isAuthorized`, of HTTP APIs.
    Simple,
    /// A policy, of REST and WebSocket APIs.
    Policy {
        /// The method's ARN; of a WebSocket API that of its `$connect` route.
        method_arn: String,
    },
}

/// The one route of a WebSocket API that has an authorizer.
pub(crate) const CONNECT: &str = "$connect";

/// The parts of an event on which a decision depends, the same for both formats.
///
/// It has no `Debug`, because it holds the caller's credential.
pub(crate) struct AuthorizerRequest {
    pub(crate) format: Format,
    pub(crate) now: Time,
    /// The same time, and that of the process's clock.
    pub(crate) moment: Moment,
    /// What its log lines say of it. The route is as `GET /v1/organizations/{organization_id}`, `$default` or `$connect`.
    pub(crate) ids: Arc<RequestIds>,
    /// Empty for a WebSocket API.
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Headers,
    /// Each as `name=value`. Empty unless the request has the mark of the console.
    pub(crate) cookies: Vec<String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) organization_id: Option<String>,
    /// Whether a sign-in may pass on routes that name no organization.
    pub(crate) sign_in_routes: bool,
}

impl AuthorizerRequest {
    /// Parses the parts of an event on which a decision depends.
    pub(crate) fn parse(event: &[u8]) -> Result<Self, Failure> {
        // Checked whole, and not once more for each text in it.
        let event = str::from_utf8(event).map_err(|_| Failure::NotUtf8)?;
        serde_json::from_str::<Payload<'_>>(event).map_err(|error| Failure::unreadable(&error))?.try_into()
    }

    /// Tells whether a client connects to a WebSocket API.
    pub(crate) fn connects(&self) -> bool {
        self.ids.route == CONNECT
    }

    /// Returns the path of the route: `/clusters/{id}`, `$default` or `$connect`.
    pub(crate) fn route_path(&self) -> &str {
        let route = self.ids.route.as_str();
        route.split_once(' ').map_or(route, |(_, path)| path)
    }

    /// Returns the most bytes of a context that the gateway passes on.
    pub(crate) fn max_context_bytes(&self) -> usize {
        if self.connects() { AuthorizerContext::MAX_WEBSOCKET_BYTES } else { AuthorizerContext::MAX_BYTES }
    }

    /// Returns the origin of a change that this request makes.
    pub(crate) fn origin(&self, actor: Actor) -> Origin {
        let (source_ip, request_id) = (self.ids.source_ip.clone(), self.ids.request_id.clone());
        Origin { at: self.moment.timestamp(), actor, source_ip, request_id }
    }
}

impl TryFrom<Payload<'_>> for AuthorizerRequest {
    type Error = Failure;

    fn try_from(event: Payload<'_>) -> Result<Self, Failure> {
        let missing = Failure::BadEvent;
        let context = event.request_context;
        let simple = event.version.as_deref() == Some("2.0");
        let connects = !simple && context.connection_id.is_some();
        let (method, source_ip, epoch) = if simple {
            let http = context.http.ok_or(missing("requestContext.http"))?;
            (http.method, http.source_ip, context.time_epoch.ok_or(missing("requestContext.timeEpoch"))?)
        } else {
            let identity = context.identity.ok_or(missing("requestContext.identity"))?;
            let method = if connects { Some(String::new()) } else { event.http_method };
            let method = method.ok_or(missing("httpMethod"))?;
            (
                method,
                identity.source_ip,
                context.request_time_epoch.ok_or(missing("requestContext.requestTimeEpoch"))?,
            )
        };
        let moment = Moment::of_gateway(epoch).ok_or(Failure::BadTime)?;
        let route_key = match event.route_key {
            _ if connects => CONNECT.to_owned(),
            Some(route_key) => route_key,
            None => format!("{method} {}", event.resource.ok_or(missing("resource"))?),
        };
        let format = match event.method_arn {
            _ if simple => Format::Simple,
            Some(method_arn) if !connects || method_arn.ends_with("/$connect") => {
                Format::Policy { method_arn }
            }
            Some(_) | None => return Err(missing("methodArn")),
        };
        let query = match event.raw_query_string {
            Some(raw) => pairs_of(&raw),
            None => all_values(
                parameters(event.multi_value_query_string_parameters)?,
                parameters(event.query_string_parameters)?,
            ),
        };
        let several = event.multi_value_headers.filter(|headers| !headers.credentials.is_empty());
        let headers = several.or(event.headers).unwrap_or_default();
        let cookies = if headers.console.is_marked() { parameters(event.cookies)? } else { None };
        let sign_in_routes = event.stage_variables.and_then(|variables| variables.sign_in_routes);
        Ok(Self {
            format,
            now: moment.time(),
            moment,
            ids: Arc::new(RequestIds {
                request_id: context.request_id,
                api_id: context.api_id,
                route: route_key,
                source_ip,
            }),
            method,
            path: event.raw_path.or(event.path).unwrap_or_default(),
            headers,
            cookies: cookies.unwrap_or_default(),
            query,
            organization_id: event.path_parameters.and_then(|path| path.organization_id),
            sign_in_routes: sign_in_routes.is_some_and(|value| value == "allow"),
        })
    }
}

#[cfg(test)]
impl AuthorizerRequest {
    /// Makes a request without a credential.
    pub(crate) fn sample() -> Self {
        Self {
            format: Format::Simple,
            now: Time::from_seconds(1_790_000_000),
            moment: Moment::now(Time::from_seconds(1_790_000_000).into()),
            ids: Arc::new(RequestIds {
                request_id: "id".to_owned(),
                api_id: "api".to_owned(),
                route: "GET /x".to_owned(),
                source_ip: "192.0.2.1".to_owned(),
            }),
            method: "GET".to_owned(),
            path: "/x".to_owned(),
            headers: Headers::default(),
            cookies: Vec::new(),
            query: Vec::new(),
            organization_id: None,
            sign_in_routes: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn samples() -> [Value; 3] {
        let http = include_str!("../../../tests/events/authorize-request.json");
        let rest = include_str!("../../../tests/events/authorize-request-rest.json");
        let websocket = include_str!("../../../tests/events/authorize-request-websocket.json");
        [http, rest, websocket].map(|text| serde_json::from_str(text).unwrap())
    }

    fn parsed(event: &Value) -> Result<AuthorizerRequest, Failure> {
        AuthorizerRequest::parse(&serde_json::to_vec(event).unwrap())
    }

    #[test]
    fn an_event_that_is_no_text_or_no_event_is_a_failure_that_says_nothing_of_it() {
        for event in
            [&b""[..], b"null", b"[]", b"{}", b"\xff", b"{\"headers\":{\"x-access-key\":\"secret\xff\"}}"]
        {
            let failure = AuthorizerRequest::parse(event).err().unwrap();
            assert!(!failure.to_string().contains("secret"), "{failure}");
        }
    }

    /// Adds a query parameter to an event, in the form in which it has its query.
    fn with_parameter(event: &str, value: &str) -> Option<Value> {
        let mut event: Value = serde_json::from_str(event).ok()?;
        match event["rawQueryString"].as_str() {
            Some(query) => event["rawQueryString"] = json!(format!("{query}&x={value}")),
            None => event["multiValueQueryStringParameters"] = json!({"x": [value]}),
        }
        Some(event)
    }

    /// Returns the method and the client's address that an event states. A list is read without names, and states none.
    fn stated(event: &Value) -> Option<(Option<&str>, Option<&str>)> {
        let context = &event["requestContext"];
        if [event, context, &context["http"], &context["identity"]].into_iter().any(Value::is_array) {
            return None;
        }
        let identity = context["identity"]["sourceIp"].as_str();
        Some(match &event["version"] {
            version if version == "2.0" => {
                (context["http"]["method"].as_str(), context["http"]["sourceIp"].as_str())
            }
            _ if context["connectionId"].is_null() => (event["httpMethod"].as_str(), identity),
            _ => (Some(""), identity),
        })
    }

    #[test]
    fn fuzzed_events_of_all_three_kinds_hold_a_time_and_no_credential_in_their_url() {
        const TOKEN: &str = "ak_7HcX2mPq9LwZtR4bK1nV_00000000000000000000000000000000000000000004MWDTL";
        const JWT: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUifQ.c2ln";
        let find = |request: &AuthorizerRequest| {
            crate::credential::find(request, &"ak".parse().unwrap(), "https://id.example")
        };
        let [http, rest, websocket] = samples().map(|event| event.to_string());
        fuzz::documents("authorizer_event").with(&http).with(&rest).with(&websocket).play(|text| {
            let Ok(request) = AuthorizerRequest::parse(text.as_bytes()) else { return false };
            assert!(request.now >= Time::from_seconds(1_577_836_800), "from 2020 on");
            let is_policy = matches!(&request.format, Format::Policy { .. });
            assert!(is_policy || !request.connects());
            // Members that nothing reads may be nested deeper than a `Value` can be.
            if let Some(stated) = serde_json::from_str(text).ok().as_ref().and_then(stated) {
                assert_eq!((Some(&*request.method), Some(&*request.ids.source_ip)), stated);
            }
            let middle = text.floor_char_boundary(text.trim_end().len() / 2);
            assert!(AuthorizerRequest::parse(&text.as_bytes()[..middle]).is_err(), "half of it is no event");
            for credential in [TOKEN, JWT] {
                if let Some(event) = with_parameter(text, credential) {
                    let request = parsed(&event).unwrap_or_else(|failure| panic!("{failure}"));
                    assert_eq!(find(&request).err(), Some(crate::refusal::Refusal::InUrl), "{credential}");
                }
            }
            find(&request).is_ok()
        });
    }
}
