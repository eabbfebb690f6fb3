//! The parts of an HTTP API on Lambda that the functions share: set-up, requests, callers, responses.
//!
//! Only `problem_code` names the HTTP statuses of errors, and only [`app`] reads the environment.

mod accept_encoding;
mod access_key_response;
pub mod app;
mod audit;
mod authorizer_context;
mod body;
pub mod caller;
mod console_headers;
mod cookie;
mod credential;
mod error_chain;
mod filter;
mod gateway_event;
mod handler_error;
mod idempotency;
mod instant;
mod key_notification;
mod log;
mod lookup;
mod new_secret;
#[cfg(feature = "openapi")]
pub mod openapi;
mod paging;
mod precondition;
mod problem;
mod problem_code;
mod request;
pub mod response;
mod retry;
mod serve;

pub use accept_encoding::takes_gzip;
pub use access_key_response::{AccessKeyResponse, SecretResponse};
pub use authorizer_context::{AuthorizerContext, BadContext};
pub use body::{MAX_BODY_BYTES, chosen_expiry, non_null, nullable};
pub use caller::{Caller, Member};
pub use console_headers::with_console_headers;
pub use cookie::only_cookie;
pub use credential::{BadCredential, Credential};
pub use domain::message::AccessKeyChange;
pub use error_chain::causes;
pub use filter::{search_filter, time_filter, word_filter};
pub use handler_error::{BodyError, HandlerError, HandlerResult};
pub use idempotency::replay_key;
pub use instant::Instant;
pub use log::{
    CallerIds, FAILURE, Metric, Metrics, RequestIds, Unit, exit_code, run, set_caller_ids, set_request_ids,
};
pub use new_secret::NewSecret;
pub use paging::{Page, Paging};
pub use problem_code::ProblemCode;
pub use request::Request;
pub use response::answer;
pub use retry::{MayConflict, retry_on_conflict};
pub use serve::serve;
