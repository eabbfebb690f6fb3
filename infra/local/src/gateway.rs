//! The API Gateway front: behaves as an HTTP API of API Gateway does.
//!
//! What was looked up, and what was chosen where the documentation is silent:
//!
//! - Limits are the documented quotas: 10,240 bytes of request line and header values (431), 10 MB of body
//!   (413), 30 seconds for an integration (503 `Service Unavailable`), 10 seconds for an authorizer (500).
//!   An event of more than Lambda's 6 MB is a 413 too.
//! - An unknown path and a known path with another method are both 404 `{"message":"Not Found"}`.
//! - A route is chosen by the path as it was sent. A trailing slash and an empty segment (`//`) are segments
//!   of their own and match no route. `%2F` stays inside its segment; path parameters are decoded, and so is
//!   `rawPath`, as live HTTP APIs do. (Live HTTP APIs have been seen to decode `%2F` before they choose the
//!   route, which gives a 404 for most paths. Here the handler sees the slash: the harder case for it.)
//! - Bodies are base64 unless their type is `text/*`, JSON, JavaScript or XML (or ends in `+json`, `+xml`).
//!   A form is base64.
//! - Cookies leave the headers for `cookies`; other repeated headers are joined with commas.
//! - Without an identity source the authorizer is always called. With one, all of its parts must be
//!   there (else 401 without a call), and an answer holds for `ReauthorizeEvery` seconds for their values.

mod authorizer;
mod body;
mod event;
pub(crate) mod local;
mod response;
mod rest;
mod route;
#[cfg(test)]
mod tests;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use hyper::{Request, StatusCode, body::Incoming, http::request::Parts};
use serde_json::json;
use tokio::{net::TcpListener, time::timeout};

pub use self::rest::RestRequest;
use self::{
    authorizer::{Authorizers, Decision},
    event::Event,
    local::Local,
    route::Matched,
};
use crate::{
    clock::Clock,
    http::{self, Answer, Dropped},
    runtime::Runtime,
    template::api::Api,
};

const HEAD_LIMIT: usize = 10_240;
const BODY_LIMIT: usize = 10 * 1024 * 1024;
const EVENT_LIMIT: usize = 6 * 1024 * 1024;
const INTEGRATION_LIMIT: Duration = Duration::from_secs(30);

/// One HTTP API, with the stack's own routes under `/_local`.
#[derive(Debug)]
pub(crate) struct Gateway {
    api: Api,
    runtime: Arc<Runtime>,
    authorizers: Authorizers,
    clock: Clock,
    local: Local,
}

/// Serves the gateway until its task ends.
pub(crate) async fn serve(listener: TcpListener, gateway: Arc<Gateway>) {
    let handler = move |request: Request<Incoming>, peer: SocketAddr| {
        let gateway = Arc::clone(&gateway);
        async move { gateway.answer(request, peer).await }
    };
    http::serve(listener, handler).await;
}

impl Gateway {
    pub(crate) fn new(api: Api, runtime: Arc<Runtime>, clock: Clock, local: Local) -> Arc<Self> {
        Arc::new(Self { api, runtime, authorizers: Authorizers::default(), clock, local })
    }

    async fn answer(&self, request: Request<Incoming>, peer: SocketAddr) -> Result<Answer, Dropped> {
        let (head, body) = request.into_parts();
        let body = http::read(body, BODY_LIMIT).await?;
        if let Some(path) = head.uri.path().strip_prefix("/_local/") {
            return Ok(self.local.answer(&head, path, &body.unwrap_or_default()).await);
        }
        if head_length(&head) > HEAD_LIMIT {
            return Ok(refuse(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE));
        }
        let Ok(body) = body else {
            return Ok(refuse(StatusCode::PAYLOAD_TOO_LARGE));
        };
        let Some(matched) = route::find(&self.api.routes, head.method.as_str(), head.uri.path()) else {
            return Ok(refuse(StatusCode::NOT_FOUND));
        };
        Ok(self.integrate(&head, body, peer, &matched).await)
    }

    async fn integrate(&self, head: &Parts, body: Bytes, peer: SocketAddr, matched: &Matched<'_>) -> Answer {
        let mut event = Event::new(head, peer, matched, &self.api.stage_variables, self.clock.now());
        if let Some(name) = &matched.route.authorizer {
            let authorizer = &self.api.authorizers[name];
            match self.authorizers.decide(&self.runtime, name, authorizer, &event).await {
                Decision::Allowed(context) => event.authorize(&context),
                Decision::Missing => return refuse(StatusCode::UNAUTHORIZED),
                Decision::Denied => return refuse(StatusCode::FORBIDDEN),
                Decision::Failed => return refuse(StatusCode::INTERNAL_SERVER_ERROR),
            }
        }
        let request_id = event.request_id.clone();
        let payload = event.integration(head, body);
        let payload = serde_json::to_vec(&payload).expect("an event is plain data");
        if payload.len() > EVENT_LIMIT {
            return refuse(StatusCode::PAYLOAD_TOO_LARGE);
        }
        let answered = self.runtime.invoke_bytes(&matched.route.function, payload.into());
        let mut answer = match timeout(INTEGRATION_LIMIT, answered).await {
            Ok(Ok(answer)) => {
                response::render(&answer).unwrap_or_else(|| refuse(StatusCode::INTERNAL_SERVER_ERROR))
            }
            Ok(Err(_)) => refuse(StatusCode::INTERNAL_SERVER_ERROR),
            Err(_) => refuse(StatusCode::SERVICE_UNAVAILABLE),
        };
        if let Ok(request_id) = request_id.parse() {
            answer.headers_mut().insert("apigw-requestid", request_id);
        }
        answer
    }
}

fn head_length(head: &Parts) -> usize {
    let target = head.uri.path_and_query().map_or(0, |target| target.as_str().len());
    let line = head.method.as_str().len() + target + " HTTP/1.1".len() + 1;
    line + head.headers.values().map(|value| value.as_bytes().len()).sum::<usize>()
}

/// Refuses in the gateway's own words.
fn refuse(status: StatusCode) -> Answer {
    let message = match status {
        StatusCode::PAYLOAD_TOO_LARGE => "Request Entity Too Large",
        other => other.canonical_reason().unwrap_or("Internal Server Error"),
    };
    http::json(status, &json!({ "message": message }))
}
