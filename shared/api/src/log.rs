//! The log: JSON lines on standard output, each with the ids of its request.
//!
//! Written by hand because the JSON format of `tracing-subscriber` puts a span's fields into an object of their
//! own, where `CloudWatch`'s filters see no `request_id`. Delete it when that format can put them beside the event's.

use std::{
    fmt,
    io::{self, Write as _},
};

use serde::Serializer as _;
use tracing::{
    Event, Level, Span, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id},
};
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    layer::{Context, SubscriberExt as _},
    registry::LookupSpan,
    util::SubscriberInitExt as _,
};

/// Starts to write events of this level and above.
///
/// The AWS clients and the HTTP stack are held at warnings: below that they log the bytes that they send. The
/// runtime does not repeat a handler's error: the function has logged it, with the ids of its request.
pub(crate) fn start(level: Level) {
    let quiet = ["aws", "hyper", "lambda", "rustls", "h2"].map(|target| (target, Level::WARN));
    let targets = Targets::new()
        .with_default(level)
        .with_targets(quiet)
        .with_target("lambda_runtime::layers::panic", LevelFilter::OFF);
    tracing_subscriber::registry().with(JsonLines).with(targets).init();
}

/// Makes the span of an invocation. Each line that is written inside it carries Lambda's id of the invocation and,
/// where it is known, the gateway's id of the request.
#[must_use]
pub fn request_span(lambda_request_id: &str, request_id: Option<&str>) -> Span {
    // At the highest level, so that no setting of the log's level takes the ids away.
    tracing::error_span!("request", request_id, lambda_request_id)
}

/// Writes each event as one JSON object: its level, its own fields, and those of the spans around it.
struct JsonLines;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for JsonLines {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut members = Members::with_capacity(128);
            attributes.record(&mut members);
            span.extensions_mut().insert(members);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let line = line(event, &context);
        // A log that cannot be written has no other place for its failure.
        let _ = io::stdout().lock().write_all(&line);
    }
}

fn line<S: Subscriber + for<'a> LookupSpan<'a>>(event: &Event<'_>, context: &Context<'_, S>) -> Vec<u8> {
    let mut members = Members::with_capacity(256);
    members.0.extend_from_slice(b"{\"level\":\"");
    members.0.extend_from_slice(event.metadata().level().as_str().as_bytes());
    members.0.push(b'"');
    event.record(&mut members);
    for span in context.event_scope(event).into_iter().flatten() {
        if let Some(of_span) = span.extensions().get::<Members>() {
            members.0.extend_from_slice(&of_span.0);
        }
    }
    members.0.extend_from_slice(b"}\n");
    members.0
}

/// Members of a JSON object, each with a comma before it.
struct Members(Vec<u8>);

impl Members {
    fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    fn push(&mut self, field: &Field, value: &impl serde::Serialize) {
        self.name(field);
        serde_json::to_writer(&mut self.0, value).expect("numbers and text are JSON");
    }

    fn name(&mut self, field: &Field) {
        self.0.extend_from_slice(b",\"");
        // The names are identifiers of this code, with nothing to escape.
        self.0.extend_from_slice(field.name().as_bytes());
        self.0.extend_from_slice(b"\":");
    }
}

impl Visit for Members {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.push(field, &value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.push(field, &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.push(field, &value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.push(field, &value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.push(field, &value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.name(field);
        let mut json = serde_json::Serializer::new(&mut self.0);
        json.collect_str(&format_args!("{value:?}")).expect("text is JSON");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};

    use super::*;

    /// Keeps the lines instead of writing them.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<Value>>>);

    impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Kept {
        fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
            JsonLines.on_new_span(attributes, id, context);
        }

        fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
            let line = line(event, &context);
            assert!(line.ends_with(b"}\n"));
            self.0.lock().unwrap().push(serde_json::from_slice(&line).unwrap());
        }
    }

    fn lines(level: Level, write: impl FnOnce()) -> Vec<Value> {
        let kept = Kept::default();
        let subscriber =
            tracing_subscriber::registry().with(kept.clone()).with(Targets::new().with_default(level));
        tracing::subscriber::with_default(subscriber, write);
        kept.0.lock().unwrap().clone()
    }

    #[test]
    fn a_line_holds_its_fields_and_the_ids_of_its_request() {
        let written = lines(Level::INFO, || {
            tracing::warn!("before");
            request_span("lambda's", Some("the gateway's")).in_scope(|| {
                tracing::error!(count = 2, share = 0.5, ok = true, name = "a \"b\"\n", id = %7, "it {}", "failed");
                tracing::debug!("nothing");
            });
            request_span("lambda's", None).in_scope(|| tracing::info!("refused"));
        });
        assert_eq!(
            written,
            [
                json!({"level": "WARN", "message": "before"}),
                json!({
                    "level": "ERROR", "message": "it failed",
                    "count": 2, "share": 0.5, "ok": true, "name": "a \"b\"\n", "id": "7",
                    "request_id": "the gateway's", "lambda_request_id": "lambda's",
                }),
                json!({"level": "INFO", "message": "refused", "lambda_request_id": "lambda's"}),
            ]
        );
    }

    #[test]
    fn no_level_of_the_log_takes_the_ids_away() {
        let written = lines(Level::ERROR, || {
            request_span("lambda's", Some("the gateway's")).in_scope(|| tracing::error!("failed"));
        });
        assert_eq!(written[0]["request_id"], "the gateway's");
    }
}
