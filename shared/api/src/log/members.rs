//! The members of a line: what the event says, as JSON.

use std::{fmt, io::Write as _};

use domain::Time;
use serde::Serializer as _;
use tracing::{
    Level,
    field::{Field, Visit},
};

/// The field whose text is already members of JSON, with commas between them.
const METRICS: &str = "metrics";

/// The members that both an event and its request may have. A line has each of them once; that of the event wins.
pub(super) const CALLER: [&str; 3] = ["organization_id", "user_id", "key_id"];

/// A JSON object that is being written.
pub(super) struct Members {
    line: Vec<u8>,
    /// Which of [`CALLER`] the line has.
    has: [bool; CALLER.len()],
}

impl Members {
    /// Starts a line with its time, milliseconds since the epoch, and its level.
    pub(super) fn new(milliseconds: u64, level: Level) -> Self {
        let mut line = Vec::with_capacity(1024);
        line.extend_from_slice(b"{\"timestamp\":\"");
        write_timestamp(&mut line, milliseconds);
        line.extend_from_slice(b"\",\"level\":\"");
        line.extend_from_slice(level.as_str().as_bytes());
        line.push(b'"');
        Self { line, has: [false; CALLER.len()] }
    }

    /// Ends the line.
    pub(super) fn end(mut self) -> Vec<u8> {
        self.line.extend_from_slice(b"}\n");
        self.line
    }

    /// Adds text, unless it is empty.
    pub(super) fn push_text(&mut self, name: &'static str, text: &str) {
        if !text.is_empty() {
            self.push(name, text);
        }
    }

    /// Adds the id of the request's caller, unless the event has named one.
    pub(super) fn push_caller(&mut self, number: usize, id: Option<impl fmt::Display>) {
        if let Some(id) = id.filter(|_| !self.has[number]) {
            self.push_shown(CALLER[number], &format_args!("{id}"));
        }
    }

    fn push(&mut self, name: &'static str, value: &(impl serde::Serialize + ?Sized)) {
        self.name(name);
        serde_json::to_writer(&mut self.line, value).expect("numbers and text are JSON");
    }

    fn push_shown(&mut self, name: &'static str, value: &fmt::Arguments<'_>) {
        self.name(name);
        let mut json = serde_json::Serializer::new(&mut self.line);
        json.collect_str(value).expect("text is JSON");
    }

    fn name(&mut self, name: &'static str) {
        if let Some(number) = CALLER.iter().position(|id| *id == name) {
            self.has[number] = true;
        }
        self.line.extend_from_slice(b",\"");
        // The names are identifiers of code, with nothing to escape. Those of other crates may have dots, by which
        // `CloudWatch` could select nothing.
        self.line.extend(name.bytes().map(|byte| if byte == b'.' { b'_' } else { byte }));
        self.line.extend_from_slice(b"\":");
    }
}

/// Writes RFC 3339 with milliseconds. Lambda filters lines by their level only where it can read this.
fn write_timestamp(line: &mut Vec<u8>, milliseconds: u64) {
    let seconds = Time::from_seconds((milliseconds / 1000).try_into().unwrap_or(i64::MAX));
    let written = write!(line, "{seconds}");
    line.pop_if(|last| *last == b'Z');
    written.and_then(|()| write!(line, ".{:03}Z", milliseconds % 1000)).expect("memory can be written to");
}

impl Visit for Members {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.push(field.name(), &value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.push(field.name(), &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.push(field.name(), &value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.push(field.name(), &value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.push(field.name(), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == METRICS {
            self.line.push(b',');
            write!(self.line, "{value:?}").expect("memory can be written to");
        } else {
            self.push_shown(field.name(), &format_args!("{value:?}"));
        }
    }
}
