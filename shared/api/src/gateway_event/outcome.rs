//! What becomes of a payload: an event, the refusal of what a client sent, or a failure.

use domain::Error;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;

/// The gateway passes on at most 10,240 bytes of URL and headers. Percent-encoding triples them at most, and `http`
/// takes URIs of up to 65,534 bytes.
pub(super) const MAX_BYTES: usize = 10_240;

/// The most headers: one of each kind that fits into what the gateway passes on. `http` panics at 32,768.
pub(super) const MAX_HEADERS: usize = MAX_BYTES;

/// The payload is no event of the gateway. It may hold a credential, so the error says nothing else of it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the event cannot be read at line {line}, column {column}")]
pub(crate) struct NotAnEvent {
    /// Counted from 1.
    line: usize,
    /// Counted from 1.
    column: usize,
}

/// An event, the refusal of what a client sent, or a failure. The event is large, and futures that hold it are moved.
pub(crate) type Parsed = Result<Result<Box<ApiGatewayV2httpRequest>, Error>, NotAnEvent>;

impl From<serde_json::Error> for NotAnEvent {
    fn from(error: serde_json::Error) -> Self {
        Self { line: error.line(), column: error.column() }
    }
}

pub(super) fn too_many_headers() -> Error {
    Error::invalid("headers", format!("must be at most {MAX_HEADERS}"))
}
