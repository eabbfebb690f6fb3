//! One instance of a function, its events and its errors.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::{oneshot, watch};

use super::{instance_clock::InstanceClock, output::Output};

/// The error of a function, as the Lambda service reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{error_type}: {error_message}")]
pub struct FunctionError {
    /// The message of the function or of the runtime.
    #[serde(rename = "errorMessage", default)]
    pub error_message: String,
    /// The type: `Runtime.ExitError`, `Sandbox.Timedout`, or a type of the function's own.
    #[serde(rename = "errorType", default)]
    pub error_type: String,
}

/// The type of the error of an invocation for which there was no free instance.
const THROTTLED: &str = "TooManyRequestsException";

impl FunctionError {
    fn new(error_type: &str, error_message: String) -> Self {
        Self { error_message, error_type: error_type.to_owned() }
    }

    pub(super) fn unknown(function: &str) -> Self {
        Self::new("ResourceNotFoundException", format!("Function not found: {function}"))
    }

    pub(super) fn invalid_response() -> Self {
        Self::new("Runtime.MarshalError", "the response is not JSON".to_owned())
    }

    pub(super) fn exited(during: &str) -> Self {
        Self::new("Runtime.ExitError", format!("the instance exited {during}"))
    }

    pub(super) fn timed_out(limit: Duration) -> Self {
        Self::new("Sandbox.Timedout", format!("Task timed out after {:.2} seconds", limit.as_secs_f64()))
    }

    pub(super) fn throttled() -> Self {
        Self::new(THROTTLED, "Rate Exceeded.".to_owned())
    }

    /// Tells whether there was no free instance.
    pub(crate) fn is_throttled(&self) -> bool {
        self.error_type == THROTTLED
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
    /// Receives the number of the instance that takes the event.
    pub(super) started: oneshot::Sender<u32>,
    pub(super) result: ResultSender,
}

/// Sends the result of an event to its caller.
pub(super) type ResultSender = oneshot::Sender<Result<Bytes, FunctionError>>;

/// An event as the runtime API hands it to an instance.
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
    /// Kills the instance when it becomes `true`.
    pub(super) kill: watch::Sender<bool>,
    /// Its own clock; `None` if it has the machine's.
    pub(super) clock: Option<InstanceClock>,
    /// What it writes; `None` if a test plays it.
    pub(super) output: Option<Arc<Output>>,
}

/// The state of an instance.
#[derive(Debug)]
pub(super) enum Phase {
    /// It has not asked for an event yet.
    Starting,
    /// It waits for an event.
    Idle(oneshot::Sender<Assignment>),
    /// It holds an event.
    Busy { id: String, result: ResultSender },
    /// It has responded and not asked again yet.
    Responded,
}

impl Instance {
    pub(super) fn starting(clock: Option<InstanceClock>) -> Self {
        Self { phase: Phase::Starting, kill: watch::Sender::new(false), clock, output: None }
    }
}
