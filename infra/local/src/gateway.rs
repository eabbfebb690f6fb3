//! API Gateway: behaves as an HTTP API does.
//!
//! The rules, and the choices where the documentation is silent:
//!
//! - Limits are the documented quotas: 10,240 bytes of request line and header values (431), 10 MB of body
//!   (413), 30 seconds for an integration (503 `Service Unavailable`), 10 seconds for an authorizer (500).
//!   An event of more than Lambda's 6 MB is a 413 too.
//! - An unknown path and a known path with another method are both 404 `{"message":"Not Found"}`.
//! - A route is chosen by the path as it was sent. A trailing slash and an empty segment (`//`) are segments
//!   of their own and match no route. `%2F` stays inside its segment; path parameters are decoded, and so is
//!   `rawPath`, as live HTTP APIs do. (Live HTTP APIs have been seen to decode `%2F` before they choose the
//!   route, which gives a 404 for most paths. Here the handler sees the slash, which is the harder case for it.)
//! - Bodies are base64 unless their type is `text/*`, JSON, JavaScript or XML (or ends in `+json`, `+xml`).
//!   A form is base64.
//! - Cookies leave the headers for `cookies`; other repeated headers are joined with commas.
//! - Throttles act only as faults: a throttled route is a 429 before the authorizer is asked. No free instance is a 503,
//!   and a 500 where the authorizer has none.
//! - Every request has a line in the access log, but those whose head is too long.
//! - Without an identity source the authorizer is always called. With identity sources, a request that lacks one is a
//!   401 without a call, and a response is cached for `ReauthorizeEvery` seconds by their values.

pub(crate) mod access_log;
mod authorizer;
mod body;
mod event;
pub(crate) mod local;
mod response;
mod rest;
mod route;
#[cfg(test)]
mod tests;

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use hyper::{Request, StatusCode, body::Incoming, http::request::Parts};
use jiff::Timestamp;
use serde_json::json;
use tokio::{net::TcpListener, time::timeout};

pub use self::rest::RestRequest;
use self::{
    access_log::{AccessLog, AccessLogEntry},
    authorizer::{Authorizers, Decision},
    event::GatewayEvent,
    local::LocalRoutes,
    route::RouteMatch,
};
use crate::{
    clock::Clock,
    http::{self, BodyTooLong, ConnectionDropped, Response},
    random,
    runtime::Runtime,
    template::api::Api,
};

const MAX_HEAD_BYTES: usize = 10_240;
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;
const MAX_EVENT_BYTES: usize = 6 * 1024 * 1024;
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(30);

/// One HTTP API, with the stack's own routes under `/_local`.
#[derive(Debug)]
pub(crate) struct Gateway {
    api: Api,
    runtime: Arc<Runtime>,
    authorizers: Authorizers,
    clock: Clock,
    local: LocalRoutes,
    access_log: Arc<AccessLog>,
}

/// Serves the gateway until its task ends.
pub(crate) async fn serve(listener: TcpListener, gateway: Arc<Gateway>) {
    let handler = move |request: Request<Incoming>, peer: SocketAddr| {
        let gateway = Arc::clone(&gateway);
        async move { gateway.handle(request, peer).await }
    };
    http::serve(listener, handler).await;
}

impl Gateway {
    pub(crate) fn new(
        api: Api,
        runtime: Arc<Runtime>,
        clock: Clock,
        local: LocalRoutes,
        access_log: Arc<AccessLog>,
    ) -> Arc<Self> {
        Arc::new(Self { api, runtime, authorizers: Authorizers::default(), clock, local, access_log })
    }

    async fn handle(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> Result<Response, ConnectionDropped> {
        let (head, body) = request.into_parts();
        let body = http::read(body, MAX_BODY_BYTES).await?;
        if let Some(path) = head.uri.path().strip_prefix("/_local/") {
            return self.local.handle(&head, path, &body.unwrap_or_default()).await;
        }
        if head_bytes(&head) > MAX_HEAD_BYTES {
            return Ok(refuse(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE));
        }
        let now = self.clock.now();
        let mut entry = AccessLogEntry::new(&head, peer, now);
        self.access_log.begin(&entry);
        let request_id = entry.request_id.parse();
        let mut response = self.route(&head, body, peer, now, &mut entry).await;
        if let Ok(request_id) = request_id {
            response.headers_mut().insert("apigw-requestid", request_id);
        }
        self.access_log.write(entry, &response);
        Ok(response)
    }

    /// Responds to a request. Every response names the request, and the access log has a line for it.
    async fn route(
        &self,
        head: &Parts,
        body: Result<Bytes, BodyTooLong>,
        peer: SocketAddr,
        now: Timestamp,
        entry: &mut AccessLogEntry,
    ) -> Response {
        let Ok(body) = body else {
            return refuse_in(entry, StatusCode::PAYLOAD_TOO_LARGE);
        };
        let Some(matched) = route::find(&self.api.routes, head.method.as_str(), head.uri.path()) else {
            return refuse_in(entry, StatusCode::NOT_FOUND);
        };
        let route = matched.route.key();
        entry.set("routeKey", route.as_str());
        if self.local.aws.faults.strike_route(&route) {
            return refuse_in(entry, StatusCode::TOO_MANY_REQUESTS);
        }
        let mut event =
            GatewayEvent::new(head, peer, &matched, &self.api.stage_variables, &entry.request_id, now);
        if let Some(name) = &matched.route.authorizer {
            let authorizer = &self.api.authorizers[name];
            entry.called = Some(authorizer.function.clone());
            match self.authorizers.decide(&self.runtime, name, authorizer, &event, entry).await {
                Decision::Allowed(context) => {
                    entry.set_context(&context);
                    event.authorize(&context);
                }
                Decision::Unauthenticated => return refuse_in(entry, StatusCode::UNAUTHORIZED),
                Decision::Denied => return refuse_in(entry, StatusCode::FORBIDDEN),
                Decision::Failed(why) => {
                    entry.set("authorizer.error", why);
                    return refuse_in(entry, StatusCode::INTERNAL_SERVER_ERROR);
                }
            }
        }
        self.integrate(event, head, body, &matched, entry).await
    }

    async fn integrate(
        &self,
        event: GatewayEvent,
        head: &Parts,
        body: Bytes,
        matched: &RouteMatch<'_>,
        entry: &mut AccessLogEntry,
    ) -> Response {
        let payload = event.integration(head, body);
        let payload = serde_json::to_vec(&payload).expect("an event is plain data");
        if payload.len() > MAX_EVENT_BYTES {
            return refuse_in(entry, StatusCode::PAYLOAD_TOO_LARGE);
        }
        let began = Instant::now();
        let id = random::uuid();
        entry.set("integration.requestId", id.as_str());
        entry.called = Some(matched.route.function.clone());
        let invocation = self.runtime.invoke_bytes_as(&id, &matched.route.function, payload.into());
        let result = timeout(INTEGRATION_TIMEOUT, invocation).await;
        for variable in ["integrationLatency", "integration.latency"] {
            entry.set(variable, began.elapsed().as_millis().to_string());
        }
        let (status, error) = match result {
            Ok(Ok(payload)) => match response::render(&payload) {
                Some(response) => {
                    for variable in ["integrationStatus", "integration.status"] {
                        entry.set(variable, StatusCode::OK.as_str());
                    }
                    return response;
                }
                None => (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "The response of the Lambda function is malformed.".to_owned(),
                ),
            },
            Ok(Err(error)) if error.is_throttled() => (StatusCode::SERVICE_UNAVAILABLE, error.error_message),
            Ok(Err(error)) => {
                let message = format!(
                    "The Lambda function returned the following error: {}. Check your Lambda function code and try again.",
                    error.error_type
                );
                (StatusCode::INTERNAL_SERVER_ERROR, message)
            }
            Err(_) => {
                (StatusCode::SERVICE_UNAVAILABLE, "The Lambda function did not respond in time.".to_owned())
            }
        };
        entry.set_integration_error(&error);
        refuse_in(entry, status)
    }
}

/// Responds with the gateway's own message for a status, which the access log shows too.
fn refuse_in(entry: &mut AccessLogEntry, status: StatusCode) -> Response {
    entry.set_refusal(status, message_of(status));
    refuse(status)
}

fn head_bytes(head: &Parts) -> usize {
    let target = head.uri.path_and_query().map_or(0, |target| target.as_str().len());
    let line = head.method.as_str().len() + target + " HTTP/1.1".len() + 1;
    line + head.headers.values().map(|value| value.as_bytes().len()).sum::<usize>()
}

fn message_of(status: StatusCode) -> &'static str {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => "Request Entity Too Large",
        other => other.canonical_reason().unwrap_or("Internal Server Error"),
    }
}

/// Responds with the gateway's own message for a status.
fn refuse(status: StatusCode) -> Response {
    http::json(status, &json!({ "message": message_of(status) }))
}
