//! The Lambda runtime API. Each instance calls it under a path of its own: `/<function>/<instance>`.

use std::{net::SocketAddr, sync::Arc};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Method, Request, StatusCode, body::Incoming};
use serde_json::json;
use tokio::net::TcpListener;
use uuid::Uuid;

use super::{Runtime, function::Function, instance::FunctionError};
use crate::http::{self, ConnectionDropped, Response};

const MAX_BODY_BYTES: usize = 6 * 1024 * 1024;

/// Serves the runtime API until its task ends.
pub(crate) async fn serve(listener: TcpListener, runtime: Arc<Runtime>) {
    let handler = move |request: Request<Incoming>, _: SocketAddr| {
        let runtime = Arc::clone(&runtime);
        async move { handle(&runtime, request).await }
    };
    http::serve(listener, handler).await;
}

async fn handle(runtime: &Runtime, request: Request<Incoming>) -> Result<Response, ConnectionDropped> {
    let path = request.uri().path().to_owned();
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let not_found =
        || Ok(http::json(StatusCode::NOT_FOUND, &json!({ "errorType": "NotFound", "errorMessage": path })));
    let [function, number, "2018-06-01", "runtime", action @ ..] = parts.as_slice() else {
        return not_found();
    };
    let (Some(function), Ok(number)) = (runtime.functions.get(*function), number.parse()) else {
        return not_found();
    };
    match (request.method(), action) {
        (&Method::GET, ["invocation", "next"]) => next(function, number).await,
        (&Method::POST, ["invocation", id, "response"]) => {
            let body = http::read(request.into_body(), MAX_BODY_BYTES).await?;
            let result = body.map_err(|_| too_large());
            Ok(accepted(function.complete(number, id, result)))
        }
        (&Method::POST, ["invocation", id, "error"]) => {
            let error = error(request).await?;
            Ok(accepted(function.complete(number, id, Err(error))))
        }
        (&Method::POST, ["init", "error"]) => {
            function.fail_start(error(request).await?);
            Ok(accepted(true))
        }
        _ => not_found(),
    }
}

async fn next(function: &Arc<Function>, number: u32) -> Result<Response, ConnectionDropped> {
    let assignment = function.next(number).await.ok_or(ConnectionDropped)?;
    let deadline = assignment.deadline.as_millisecond().to_string();
    let response = hyper::Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", &assignment.id)
        .header("lambda-runtime-deadline-ms", deadline)
        .header("lambda-runtime-invoked-function-arn", function.arn())
        .header("lambda-runtime-trace-id", trace_id());
    response.body(Full::new(assignment.event)).map_err(|_| ConnectionDropped)
}

/// Makes a trace id in the form of X-Ray, unsampled.
pub(crate) fn trace_id() -> String {
    let id = Uuid::new_v4().simple().to_string();
    format!("Root=1-{}-{};Sampled=0", &id[..8], &id[8..])
}

fn accepted(known: bool) -> Response {
    let (status, body) = if known {
        (StatusCode::ACCEPTED, json!({ "status": "OK" }))
    } else {
        (StatusCode::BAD_REQUEST, json!({ "errorType": "InvalidRequestID", "errorMessage": "no such event" }))
    };
    http::json(status, &body)
}

async fn error(request: Request<Incoming>) -> Result<FunctionError, ConnectionDropped> {
    let body: Bytes = http::read(request.into_body(), MAX_BODY_BYTES).await?.unwrap_or_default();
    Ok(serde_json::from_slice(&body).unwrap_or_else(|_| FunctionError::invalid_response()))
}

fn too_large() -> FunctionError {
    FunctionError {
        error_type: "Function.ResponseSizeTooLarge".to_owned(),
        error_message: "Response payload size exceeded maximum allowed payload size (6291556 bytes)."
            .to_owned(),
    }
}
