//! The log: JSON lines on standard output, a sentence plus dotted fields.

use std::{
    error::Error,
    fmt::Debug,
    io::{Write as _, stdout},
};

use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span::{Attributes, Id, Record},
    subscriber::set_global_default,
};

/// The AWS clients and the HTTP stack are held at warnings: below that they log what they send.
const QUIET: [&str; 5] = ["aws", "hyper", "lambda", "rustls", "h2"];

/// Starts the log, once in a process.
pub(super) fn start(level: Level) {
    set_global_default(Log(level)).expect("the log is started once");
}

/// Writes events of at most this level; spans are not for this log.
struct Log(Level);

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let quiet = QUIET.iter().any(|prefix| metadata.target().starts_with(prefix));
        let most = if quiet { self.0.min(Level::WARN) } else { self.0 };
        metadata.is_event() && *metadata.level() <= most
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.0.into())
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(Vec::with_capacity(256));
        line.0.extend_from_slice(b"{\"level\":\"");
        line.0.extend_from_slice(event.metadata().level().as_str().as_bytes());
        line.0.push(b'"');
        event.record(&mut line);
        line.0.extend_from_slice(b"}\n");
        // Who cannot be told of anything cannot be told of this either.
        stdout().lock().write_all(&line.0).ok();
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Line(Vec<u8>);

impl Line {
    fn member(&mut self, field: &Field, value: impl serde::Serialize) {
        self.0.push(b',');
        serde_json::to_writer(&mut self.0, field.name()).expect("a name can be written to memory");
        self.0.push(b':');
        serde_json::to_writer(&mut self.0, &value).expect("plain data can be written to memory");
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.member(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.member(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.member(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.member(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.member(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.member(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.member(field, value.to_string());
    }
}

#[cfg(test)]
mod tests {
    use tracing::{callsite::DefaultCallsite, metadata};

    use super::*;

    /// Tells whether a log at `log` has room for an event of `level` from `target`.
    fn writes(log: Level, target: &'static str, level: Level) -> bool {
        static CALLSITE: DefaultCallsite = DefaultCallsite::new(&metadata! {
            name: "event", target: "x", level: Level::INFO, fields: &[], callsite: &CALLSITE,
            kind: metadata::Kind::EVENT
        });
        let fields = tracing::field::FieldSet::new(&[], tracing::callsite::Identifier(&CALLSITE));
        Log(log).enabled(&Metadata::new(
            "event",
            target,
            level,
            None,
            None,
            None,
            fields,
            metadata::Kind::EVENT,
        ))
    }

    #[test]
    fn libraries_that_log_what_they_send_are_held_at_warnings() {
        assert!(writes(Level::INFO, "authorize_request", Level::INFO));
        assert!(!writes(Level::INFO, "authorize_request", Level::DEBUG));
        assert!(!writes(Level::TRACE, "aws_smithy_runtime::client", Level::INFO));
        assert!(writes(Level::TRACE, "hyper::proto", Level::WARN));
        assert!(!writes(Level::ERROR, "hyper::proto", Level::WARN));
    }
}
