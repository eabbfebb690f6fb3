//! The gateway's question to the authorizer, read from its two event formats.

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
    use proptest::prelude::*;
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

    proptest! {
        #[test]
        fn no_text_anywhere_in_an_event_ends_the_process(
            texts in prop::collection::vec(any::<String>(), 6),
            epoch in any::<i64>(),
            cut in any::<prop::sample::Index>(),
        ) {
            for mut event in samples() {
                for member in ["rawPath", "path", "rawQueryString", "routeKey", "methodArn", "resource"] {
                    event[member] = json!(texts[0]);
                }
                event["headers"] = json!({"authorization": texts[1], "x-access-key": texts[2]});
                event["queryStringParameters"] = json!({texts[3].as_str(): texts[4]});
                event["pathParameters"] = json!({"organization_id": texts[5]});
                event["requestContext"]["timeEpoch"] = json!(epoch);
                event["requestContext"]["requestTimeEpoch"] = json!(epoch);
                if let Ok(request) = parsed(&event) {
                    let _ = crate::credential::find(&request, &"ak".parse().unwrap(), "https://id.example");
                }
                let bytes = serde_json::to_vec(&event).unwrap();
                prop_assert!(AuthorizerRequest::parse(&bytes[..cut.index(bytes.len())]).is_err());
            }
        }
    }
}
