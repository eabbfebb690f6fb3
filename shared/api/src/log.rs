//! The log: JSON lines on standard output, each with the ids of its request.
//!
//! Written by hand because the JSON format of `tracing-subscriber` puts the ids into an object of their own, where
//! `CloudWatch`'s filters see no `request_id`. Its spans also cost each request time, whether or not it writes a
//! line. Delete it when that format can put the ids beside the event's fields.
//!
//! - A line is one event. It has `timestamp`, `level` and `message`.
//! - No name of a field has a dot: `CloudWatch`'s filters select letters, digits, `-` and `_` only.
//! - A request that passes writes no line. Metrics are members of lines that are written anyway.

mod clock;
mod ending;
mod invocation;
mod members;
mod metrics;
mod request_ids;
#[cfg(test)]
mod tests;

use std::{
    io::{self, Write as _},
    panic,
};

use members::Members;
use tracing::{
    Event, Level, Metadata, Subscriber,
    level_filters::LevelFilter,
    span::{Attributes, Id, Record},
};

pub use ending::exit_code;
pub use invocation::{run, set_caller_ids, set_request_ids};
pub use metrics::{FAILURE, Metric, Metrics, Unit};
pub use request_ids::{CallerIds, RequestIds};

/// The crates below these names are held at warnings: below that they log the bytes that they send.
const QUIET: [&str; 5] = ["aws", "hyper", "lambda", "rustls", "h2"];

/// The runtime does not repeat a handler's error here: the function has logged it, with the ids of its request.
const SILENT: &str = "lambda_runtime::layers::panic";

/// Starts the log: writes events of this level and above, and a line for each panic. The stack's name is the namespace of metrics.
pub(crate) fn start(level: Level, stack: Option<&str>, function: Option<&str>) {
    ending::start();
    metrics::start(stack, function);
    // A log that cannot be written has no other place for its failure.
    let write = |line: &[u8]| drop(io::stdout().lock().write_all(line));
    tracing::subscriber::set_global_default(JsonLines { level, write })
        .expect("a function starts its log once");
    panic::set_hook(Box::new(ending::report_panic));
}

/// Writes each event as one JSON object: its time, its level, its own fields, and the ids of the current request.
struct JsonLines<W> {
    level: Level,
    write: W,
}

impl<W: Fn(&[u8]) + 'static> Subscriber for JsonLines<W> {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let target = metadata.target();
        let is_quiet = QUIET.iter().any(|quiet| target.starts_with(quiet));
        let level = if is_quiet { Level::WARN } else { self.level };
        metadata.is_event() && *metadata.level() <= level && !target.starts_with(SILENT)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level.max(Level::WARN).into())
    }

    fn event(&self, event: &Event<'_>) {
        (self.write)(&line(event));
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        // Never called, because no span is enabled.
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Renders one line.
fn line(event: &Event<'_>) -> Vec<u8> {
    let mut members = Members::new(clock::now(), *event.metadata().level());
    event.record(&mut members);
    invocation::write_ids(&mut members);
    members.end()
}
