//! Successful HTTP responses, and the edge at which a handler's error becomes a response.

use std::convert::Infallible;

use lambda_http::{
    Body, Response,
    http::{StatusCode, header},
};
use serde::Serialize;

use crate::{HandlerResult, problem::Problem};

/// Turns the result of a handler into the gateway's response, and logs an error once.
pub async fn answer(handler: impl Future<Output = HandlerResult>) -> Result<Response<Body>, Infallible> {
    Ok(handler.await.unwrap_or_else(|error| {
        let problem = Problem::from(&error);
        problem.log(&error);
        problem.into_response()
    }))
}

/// Builds a 200 with an object, and its version as the `ETag`.
pub fn ok(object: &impl Serialize, version: Option<u64>) -> Response<Body> {
    json(StatusCode::OK, object, version)
}

/// Builds a 201 with the created object, and its version as the `ETag`.
pub fn created(object: &impl Serialize, version: Option<u64>) -> Response<Body> {
    json(StatusCode::CREATED, object, version)
}

/// Builds a 202. The object must not reveal the outcome of the request.
pub fn accepted(object: &impl Serialize) -> Response<Body> {
    json(StatusCode::ACCEPTED, object, None)
}

/// Builds a 204.
#[must_use]
pub fn no_content() -> Response<Body> {
    Response::builder().status(StatusCode::NO_CONTENT).body(Body::Empty).expect("a status and no headers")
}

/// Builds a 304: the client has this version.
pub(crate) fn not_modified(version: u64) -> Response<Body> {
    Response::builder()
        .status(StatusCode::NOT_MODIFIED)
        .header(header::CACHE_CONTROL, "no-store")
        .header(header::ETAG, entity_tag(version))
        .body(Body::Empty)
        .expect("the headers are constants and numbers")
}

fn entity_tag(version: u64) -> String {
    format!("\"{version}\"")
}

fn json(status: StatusCode, object: &impl Serialize, version: Option<u64>) -> Response<Body> {
    let body = serde_json::to_string(object).expect("responses are maps with text keys");
    let mut response = Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CACHE_CONTROL, "no-store");
    if let Some(version) = version {
        response = response.header(header::ETAG, entity_tag(version));
    }
    response.body(Body::Text(body)).expect("the headers are constants and numbers")
}
