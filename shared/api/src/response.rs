//! Successful HTTP responses, and the edge at which a handler's error becomes a response.

use std::convert::Infallible;

use lambda_http::{
    Body, Response,
    http::{
        StatusCode,
        header::{self, HeaderValue, InvalidHeaderValue},
    },
};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

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

/// Builds a 303: the browser goes to `location`, a path of this origin or a URL.
pub fn see_other(location: &str) -> Result<Response<Body>, InvalidHeaderValue> {
    let location = HeaderValue::try_from(location)?;
    Ok(Response::builder()
        .status(StatusCode::SEE_OTHER)
        .header(header::LOCATION, location)
        .header(header::CACHE_CONTROL, "no-store")
        .body(Body::Empty)
        .expect("the headers are valid"))
}

/// Builds a 304 for a page: the client has the content that this entity tag names.
pub fn page_not_modified(entity_tag: HeaderValue) -> Response<Body> {
    Response::builder()
        .status(StatusCode::NOT_MODIFIED)
        .header(header::CACHE_CONTROL, "no-cache")
        .header(header::ETAG, entity_tag)
        .body(Body::Empty)
        .expect("the headers are valid")
}

/// Builds a 401 with an object that says how to sign in.
pub fn signed_out(object: &impl Serialize) -> Response<Body> {
    json(StatusCode::UNAUTHORIZED, object, None)
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

/// A document that caches may keep, which is the same for every caller.
#[derive(Debug)]
pub struct Cacheable {
    body: Body,
    coding: Option<&'static str>,
    /// A number of the content, for its `ETag`.
    pub(crate) version: u64,
}

impl Cacheable {
    /// Makes a JSON document.
    #[must_use]
    pub fn text(text: String) -> Self {
        Self { version: number_of(text.as_bytes()), body: Body::Text(text), coding: None }
    }

    /// Makes a compressed JSON document.
    #[must_use]
    pub fn gzip(bytes: Vec<u8>) -> Self {
        Self { version: number_of(&bytes), body: Body::Binary(bytes), coding: Some("gzip") }
    }

    /// Builds a 200 with the document, or a 304 if the client has it.
    pub(crate) fn to_response(&self, is_known: bool) -> Response<Body> {
        let mut response = Response::builder()
            .status(if is_known { StatusCode::NOT_MODIFIED } else { StatusCode::OK })
            .header(header::CACHE_CONTROL, "public, max-age=300")
            .header(header::VARY, "accept-encoding")
            .header(header::ETAG, entity_tag(self.version))
            // Also for a 304: API Gateway adds `text/plain` to a response without a media type.
            .header(header::CONTENT_TYPE, "application/json");
        if is_known {
            return response.body(Body::Empty).expect("the headers are constants and numbers");
        }
        if let Some(coding) = self.coding {
            response = response.header(header::CONTENT_ENCODING, coding);
        }
        response.body(self.body.clone()).expect("the headers are constants and numbers")
    }
}

/// Returns a number that two contents have in common only by chance: 1 in 2⁶⁴. Never 0, which stands for no version.
fn number_of(content: &[u8]) -> u64 {
    let digest = Sha256::digest(content);
    let first = digest.first_chunk().expect("a digest has 32 bytes");
    u64::from_be_bytes(*first).max(1)
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
