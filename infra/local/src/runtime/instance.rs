//! One instance of a function, and what it answers.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::{oneshot, watch};

/// What a function answers when it fails: the error object of the Lambda service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{error_type}: {error_message}")]
pub struct FunctionError {
    /// What happened, as the function or the runtime says it.
    #[serde(rename = "errorMessage", default)]
    pub error_message: String,
    /// The kind: `Runtime.ExitError`, `Sandbox.Timedout`, or what the function names.
    #[serde(rename = "errorType", default)]
    pub error_type: String,
}

impl FunctionError {
    fn new(error_type: &str, error_message: String) -> Self {
        Self { error_message, error_type: error_type.to_owned() }
    }

    pub(super) fn unknown(function: &str) -> Self {
        Self::new("ResourceNotFoundException", format!("Function not found: {function}"))
    }

    pub(super) fn odd_answer() -> Self {
        Self::new("Runtime.MarshalError", "the answer is not JSON".to_owned())
    }

    pub(super) fn exited(during: &str) -> Self {
        Self::new("Runtime.ExitError", format!("the instance exited {during}"))
    }

    pub(super) fn timed_out(limit: Duration) -> Self {
        Self::new("Sandbox.Timedout", format!("Task timed out after {:.2} seconds", limit.as_secs_f64()))
    }

    pub(super) fn queued_too_long() -> Self {
        Self::new("TooManyRequestsException", "Rate Exceeded.".to_owned())
    }

    pub(super) fn not_started(cause: &std::io::Error) -> Self {
        Self::new("Runtime.InvalidEntrypoint", cause.to_string())
    }
}

/// An event on its way to an instance.
#[derive(Debug)]
pub(super) struct Invocation {
    pub(super) id: String,
    pub(super) event: Bytes,
    /// Told the instance's number when the event is handed over.
    pub(super) started: oneshot::Sender<u32>,
    pub(super) reply: Reply,
}

/// Where an answer goes.
pub(super) type Reply = oneshot::Sender<Result<Bytes, FunctionError>>;

/// What `/next` answers.
#[derive(Debug)]
pub(super) struct Assignment {
    pub(super) id: String,
    pub(super) event: Bytes,
    pub(super) deadline: Timestamp,
}

/// One instance.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) phase: Phase,
    /// Killing is asked for by setting it; it closes when the instance is gone.
    pub(super) kill: watch::Sender<bool>,
}

/// What an instance is doing.
#[derive(Debug)]
pub(super) enum Phase {
    /// It has not asked for an event yet.
    Starting,
    /// It waits for an event.
    Idle(oneshot::Sender<Assignment>),
    /// It holds an event.
    Busy { id: String, reply: Reply },
    /// It has answered and not asked again yet.
    Done,
}

impl Instance {
    pub(super) fn starting() -> Self {
        Self { phase: Phase::Starting, kill: watch::Sender::new(false) }
    }
}
