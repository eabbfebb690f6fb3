//! The log: JSON lines on standard output, each with the ids of its request.
//!
//! Written by hand because the JSON format of `tracing-subscriber` puts the ids into an object of their own, where
//! `CloudWatch`'s filters see no `request_id`. Its spans also cost each request time, whether or not it writes a
//! line. Delete it when that format can put the ids beside the event's fields.

use std::{
    fmt,
    io::{self, Write as _},
};

use serde::Serializer as _;
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span::{Attributes, Id, Record},
};

/// The crates below these names are held at warnings: below that they log the bytes that they send.
const QUIET: [&str; 5] = ["aws", "hyper", "lambda", "rustls", "h2"];

/// The runtime does not repeat a handler's error here: the function has logged it, with the ids of its request.
const SILENT: &str = "lambda_runtime::layers::panic";

tokio::task_local! {
    static IDS: RequestIds;
}

/// The ids of the request in hand.
struct RequestIds {
    request_id: Option<String>,
    lambda_request_id: String,
}

/// Starts to write events of this level and above.
pub(crate) fn start(level: Level) {
    // A log that cannot be written has no other place for its failure.
    let write = |line: &[u8]| drop(io::stdout().lock().write_all(line));
    tracing::subscriber::set_global_default(JsonLines { level, write })
        .expect("a function starts its log once");
}

/// Does the work of an invocation. Each line that is written by it carries Lambda's id of the invocation and, where
/// it is known, the gateway's id of the request.
pub async fn with_request_ids<T>(
    lambda_request_id: String,
    request_id: Option<String>,
    work: impl Future<Output = T>,
) -> T {
    IDS.scope(RequestIds { request_id, lambda_request_id }, work).await
}

/// Writes each event as one JSON object: its level, its own fields, and the ids of the request in hand.
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

fn line(event: &Event<'_>) -> Vec<u8> {
    let mut members = Members(Vec::with_capacity(256));
    members.0.extend_from_slice(b"{\"level\":\"");
    members.0.extend_from_slice(event.metadata().level().as_str().as_bytes());
    members.0.push(b'"');
    event.record(&mut members);
    // Outside an invocation there are none.
    let _ = IDS.try_with(|ids| {
        if let Some(request_id) = &ids.request_id {
            members.push("request_id", request_id);
        }
        members.push("lambda_request_id", &ids.lambda_request_id);
    });
    members.0.extend_from_slice(b"}\n");
    members.0
}

/// Members of a JSON object, each with a comma before it.
struct Members(Vec<u8>);

impl Members {
    fn push(&mut self, name: &'static str, value: &(impl serde::Serialize + ?Sized)) {
        self.name(name);
        serde_json::to_writer(&mut self.0, value).expect("numbers and text are JSON");
    }

    fn name(&mut self, name: &'static str) {
        self.0.extend_from_slice(b",\"");
        // The names are identifiers of this code, with nothing to escape.
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
    }
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
        self.name(field.name());
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
    async fn lines(level: Level, work: impl Future<Output = ()>) -> Vec<Value> {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&kept);
        let write = move |line: &[u8]| {
            assert!(line.ends_with(b"}\n"));
            keep.lock().unwrap().push(serde_json::from_slice(line).unwrap());
        };
        let guard = tracing::subscriber::set_default(JsonLines { level, write });
        work.await;
        drop(guard);
        Arc::try_unwrap(kept).unwrap().into_inner().unwrap()
    }

    async fn in_request(request_id: Option<&str>, work: impl Future<Output = ()>) {
        with_request_ids("lambda's".to_owned(), request_id.map(str::to_owned), work).await;
    }

    #[tokio::test]
    async fn a_line_holds_its_fields_and_the_ids_of_its_request() {
        let work = async {
            tracing::warn!("before");
            in_request(Some("the gateway's"), async {
                tracing::error!(count = 2, share = 0.5, ok = true, name = "a \"b\"\n", id = %7, "it {}", "failed");
                tokio::task::yield_now().await;
                tracing::debug!("nothing");
                tracing::info!("went on");
            })
            .await;
            in_request(None, async { tracing::info!("refused") }).await;
            tracing::warn!("after");
        };
        assert_eq!(
            lines(Level::INFO, work).await,
            [
                json!({"level": "WARN", "message": "before"}),
                json!({
                    "level": "ERROR", "message": "it failed",
                    "count": 2, "share": 0.5, "ok": true, "name": "a \"b\"\n", "id": "7",
                    "request_id": "the gateway's", "lambda_request_id": "lambda's",
                }),
                json!({
                    "level": "INFO", "message": "went on",
                    "request_id": "the gateway's", "lambda_request_id": "lambda's",
                }),
                json!({"level": "INFO", "message": "refused", "lambda_request_id": "lambda's"}),
                json!({"level": "WARN", "message": "after"}),
            ]
        );
    }

    #[tokio::test]
    async fn requests_that_take_turns_keep_their_ids() {
        let turn = async |request_id| {
            in_request(Some(request_id), async {
                for _ in 0..2 {
                    tracing::info!(own = request_id, "a turn");
                    tokio::task::yield_now().await;
                }
            })
            .await;
        };
        let written = lines(Level::INFO, async {
            tokio::join!(turn("a"), turn("b"));
        })
        .await;
        assert_ne!(written[0]["own"], written[1]["own"], "they take turns");
        assert!(written.iter().all(|line| line["own"] == line["request_id"]), "{written:?}");
    }

    #[tokio::test]
    async fn what_other_crates_write_is_held_at_warnings() {
        let work = async {
            tracing::info!(target: "hyper::client", "bytes");
            tracing::warn!(target: "aws_smithy_runtime", "a warning");
            tracing::error!(target: "lambda_runtime::layers::panic", "an error, once more");
            tracing::trace!("all of our own");
            let _span = tracing::error_span!("of another crate").entered();
        };
        let written = lines(Level::TRACE, work).await;
        let messages: Vec<_> = written.iter().map(|line| line["message"].as_str().unwrap()).collect();
        assert_eq!(messages, ["a warning", "all of our own"]);
        assert_eq!(lines(Level::ERROR, async { tracing::warn!("not asked for") }).await, [] as [Value; 0]);
    }
}
