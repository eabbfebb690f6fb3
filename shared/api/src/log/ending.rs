//! The start and the end of a process: how long it took to start, and why it ended.

use std::{panic::PanicHookInfo, process::ExitCode, sync::OnceLock};

use lambda_http::Error;

use super::{clock::now, metrics::FAILURE};
use crate::error_chain::causes;

/// When the log started, milliseconds since the epoch.
static STARTED: OnceLock<u64> = OnceLock::new();

/// Remembers the time of the start.
pub(super) fn start() {
    STARTED.get_or_init(now);
}

/// Returns the time since [`start`].
pub(super) fn milliseconds_since_start() -> u64 {
    STARTED.get().map(|started| now().saturating_sub(*started)).unwrap_or_default()
}

/// Runs a function until it ends. Logs the error of a function that cannot start or continue.
///
/// Without this line, only Lambda's own log would show that the authorizer does not start, and no alarm would fire.
pub async fn exit_code(function: impl Future<Output = Result<(), Error>>) -> ExitCode {
    // In a box, or the awaits of `main` nest deeper than rustc's `recursion_limit` of 128.
    match Box::pin(function).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(causes = causes(&*error), metrics = %FAILURE, "the instance ends");
            ExitCode::FAILURE
        }
    }
}

/// Writes the line of a panic, with the ids of the current request.
pub(super) fn report_panic(panic: &PanicHookInfo<'_>) {
    let message = panic.payload_as_str().unwrap_or("a panic");
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(causes = message, place, metrics = %FAILURE, "panicked");
}
