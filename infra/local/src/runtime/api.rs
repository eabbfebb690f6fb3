//! The Lambda runtime API, which each instance speaks under its own path: `/<function>/<instance>`.

use std::{net::SocketAddr, sync::Arc};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Method, Request, Response, StatusCode, body::Incoming};
use serde_json::json;
use tokio::net::TcpListener;

use super::{Runtime, function::Function, instance::FunctionError};
use crate::{
    http::{self, Answer, Dropped},
    random,
};

const LIMIT: usize = 6 * 1024 * 1024;

/// Serves the runtime API until its task ends.
pub(crate) async fn serve(listener: TcpListener, runtime: Arc<Runtime>) {
    let handler = move |request: Request<Incoming>, _: SocketAddr| {
        let runtime = Arc::clone(&runtime);
        async move { answer(&runtime, request).await }
    };
    http::serve(listener, handler).await;
}

async fn answer(runtime: &Runtime, request: Request<Incoming>) -> Result<Answer, Dropped> {
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
            let body = http::read(request.into_body(), LIMIT).await?;
            let answer = body.map_err(|_| too_large());
            Ok(accepted(function.answered(number, id, answer)))
        }
        (&Method::POST, ["invocation", id, "error"]) => {
            let error = error(request).await?;
            Ok(accepted(function.answered(number, id, Err(error))))
        }
        (&Method::POST, ["init", "error"]) => {
            function.init_failed(error(request).await?);
            Ok(accepted(true))
        }
        _ => not_found(),
    }
}

async fn next(function: &Arc<Function>, number: u32) -> Result<Answer, Dropped> {
    let assignment = function.next(number).await.ok_or(Dropped)?;
    let deadline = assignment.deadline.as_millisecond().to_string();
    let answer = Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", &assignment.id)
        .header("lambda-runtime-deadline-ms", deadline)
        .header("lambda-runtime-invoked-function-arn", function.arn())
        .header("lambda-runtime-trace-id", trace_id());
    answer.body(Full::new(assignment.event)).map_err(|_| Dropped)
}

/// Makes a trace id in the form of X-Ray, unsampled.
pub(crate) fn trace_id() -> String {
    let id = random::uuid().replace('-', "");
    format!("Root=1-{}-{};Sampled=0", &id[..8], &id[8..])
}

fn accepted(held: bool) -> Answer {
    let (status, body) = if held {
        (StatusCode::ACCEPTED, json!({ "status": "OK" }))
    } else {
        (StatusCode::BAD_REQUEST, json!({ "errorType": "InvalidRequestID", "errorMessage": "no such event" }))
    };
    http::json(status, &body)
}

async fn error(request: Request<Incoming>) -> Result<FunctionError, Dropped> {
    let body: Bytes = http::read(request.into_body(), LIMIT).await?.unwrap_or_default();
    Ok(serde_json::from_slice(&body).unwrap_or_else(|_| FunctionError::odd_answer()))
}

fn too_large() -> FunctionError {
    FunctionError {
        error_type: "Function.ResponseSizeTooLarge".to_owned(),
        error_message: "Response payload size exceeded maximum allowed payload size (6291556 bytes)."
            .to_owned(),
    }
}
