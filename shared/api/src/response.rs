use std::convert::Infallible;

use domain::Time;
use lambda_http::{
    Body, Response,
    http::{StatusCode, header},
};
use serde::Serialize;

use crate::Problem;

/// What a handler returns.
pub type Answer = Result<Response<Body>, Problem>;

/// Turns what a handler returns into what the gateway sends, and logs what went wrong, once.
pub async fn answer(handler: impl Future<Output = Answer>) -> Result<Response<Body>, Infallible> {
    Ok(handler.await.unwrap_or_else(|problem| {
        problem.log();
        problem.into_response()
    }))
}

/// Answers 200 with an object.
pub fn ok(object: &impl Serialize, version: Option<u64>) -> Response<Body> {
    json(StatusCode::OK, object, version)
}

/// Answers 201 with the object that was made.
pub fn created(object: &impl Serialize, version: Option<u64>) -> Response<Body> {
    json(StatusCode::CREATED, object, version)
}

/// Answers 202, with an object that does not say what comes of the request.
pub fn accepted(object: &impl Serialize) -> Response<Body> {
    json(StatusCode::ACCEPTED, object, None)
}

/// Answers 204.
#[must_use]
pub fn deleted() -> Response<Body> {
    Response::builder().status(StatusCode::NO_CONTENT).body(Body::Empty).expect("a status and no headers")
}

fn json(status: StatusCode, object: &impl Serialize, version: Option<u64>) -> Response<Body> {
    let body = serde_json::to_string(object).expect("answers are maps with text keys");
    let mut response = Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CACHE_CONTROL, "no-store");
    if let Some(version) = version {
        response = response.header(header::ETAG, format!("\"{version}\""));
    }
    response.body(Body::Text(body)).expect("the headers are constants and numbers")
}

/// Writes an instant as the API shows it.
pub(crate) fn shown(time: Option<Time>) -> Option<String> {
    time.map(|time| time.to_string())
}
