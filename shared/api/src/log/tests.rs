//! What lines hold.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::{
    invocation::invoked,
    metrics::{Metrics, Unit},
    *,
};

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

/// The ids of a request of the gateway.
fn ids(request_id: &str) -> Arc<RequestIds> {
    Arc::new(RequestIds {
        request_id: request_id.to_owned(),
        api_id: "a".to_owned(),
        route: "GET /x".to_owned(),
        source_ip: "192.0.2.1".to_owned(),
    })
}

async fn in_request(request_id: &str, work: impl Future<Output = ()>) {
    let trace = "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=0";
    invoked("lambda's", trace, async {
        set_request_ids(&ids(request_id));
        work.await;
    })
    .await;
}

/// Removes the time of a line, once it is seen to be one with milliseconds.
fn without_time(mut line: Value) -> Value {
    let time = line.as_object_mut().unwrap().remove("timestamp").unwrap();
    let time = time.as_str().unwrap();
    assert_eq!((time.len(), &time[19..20], &time[23..]), (24, ".", "Z"), "{time}");
    domain::Time::parse(&format!("{}Z", &time[..19])).unwrap();
    line
}

#[test]
fn the_hint_of_each_level_lets_warnings_of_other_crates_pass() {
    for (level, most) in [(Level::ERROR, Level::WARN), (Level::WARN, Level::WARN), (Level::INFO, Level::INFO)]
    {
        let hint = JsonLines { level, write: |_: &[u8]| {} }.max_level_hint();
        assert_eq!(hint, Some(LevelFilter::from(most)), "{level}");
    }
}

#[tokio::test]
async fn a_line_holds_its_fields_and_the_ids_of_its_request() {
    let key_id = domain::id::KeyId::parse("7HcX2mPq9LwZtR4bK1nV").unwrap();
    let work = async {
        tracing::warn!("before");
        in_request("the gateway's", async {
            tracing::error!(count = 2, share = 0.5, ok = true, name = "a \"b\"\n", id = %7, "it {}", "failed");
            tokio::task::yield_now().await;
            tracing::debug!("nothing");
            set_caller_ids(CallerIds::of_key(key_id));
            tracing::info!(user_id = "its own", "went on");
        })
        .await;
        invoked("lambda's", "", async { tracing::info!("refused") }).await;
        tracing::warn!("after");
    };
    let written: Vec<_> = lines(Level::INFO, work).await.into_iter().map(without_time).collect();
    let trace = "1-67891233-abcdef012345678912345678";
    assert_eq!(
        written,
        [
            json!({"level": "WARN", "message": "before"}),
            json!({
                "level": "ERROR", "message": "it failed",
                "count": 2, "share": 0.5, "ok": true, "name": "a \"b\"\n", "id": "7",
                "request_id": "the gateway's", "lambda_request_id": "lambda's", "trace_id": trace,
                "api_id": "a", "route": "GET /x", "source_ip": "192.0.2.1",
            }),
            json!({
                "level": "INFO", "message": "went on", "user_id": "its own", "key_id": "7HcX2mPq9LwZtR4bK1nV",
                "request_id": "the gateway's", "lambda_request_id": "lambda's", "trace_id": trace,
                "api_id": "a", "route": "GET /x", "source_ip": "192.0.2.1",
            }),
            json!({"level": "INFO", "message": "refused", "lambda_request_id": "lambda's"}),
            json!({"level": "WARN", "message": "after"}),
        ]
    );
}

#[tokio::test]
async fn metrics_are_members_of_the_line_that_is_written_anyway() {
    metrics::start(Some("a-stack"), Some("f"));
    let written = lines(Level::INFO, async {
        let values = [("Due", Unit::Count, 3), ("Lag", Unit::Seconds, 7)];
        tracing::info!(metrics = %Metrics::of(&values), skipped = 1, "a run");
        let refusals = Metrics::of(&[("Refusals", Unit::Count, 1)]).by_reason();
        tracing::info!(metrics = %refusals, reason = "malformed", "refused");
        tracing::error!(metrics = %FAILURE, "failed");
    })
    .await;
    let directive = |line: &Value| {
        assert!(line["_aws"]["Timestamp"].as_u64().unwrap() > 1_700_000_000_000);
        let [directive] = line["_aws"]["CloudWatchMetrics"].as_array().unwrap().as_slice() else { panic!() };
        directive.clone()
    };
    assert_eq!(
        directive(&written[0]),
        json!({"Namespace": "a-stack", "Dimensions": [[]],
            "Metrics": [{"Name": "Due", "Unit": "Count"}, {"Name": "Lag", "Unit": "Seconds"}]})
    );
    assert_eq!(
        (&written[0]["Due"], &written[0]["Lag"], &written[0]["skipped"]),
        (&json!(3), &json!(7), &json!(1))
    );
    assert_eq!(directive(&written[1])["Dimensions"], json!([["reason"]]));
    assert_eq!((&written[1]["Refusals"], &written[1]["reason"]), (&json!(1), &json!("malformed")));
    assert_eq!(directive(&written[2])["Dimensions"], json!([[], ["function"]]));
    assert_eq!((&written[2]["Failures"], &written[2]["function"]), (&json!(1), &json!("f")));
}

#[tokio::test]
async fn a_panic_is_an_error_line_of_its_request() {
    let written = lines(
        Level::INFO,
        in_request("the gateway's", async {
            let before = panic::take_hook();
            panic::set_hook(Box::new(ending::report_panic));
            let ended = panic::catch_unwind(|| panic!("nothing is {}", "left"));
            panic::set_hook(before);
            assert!(ended.is_err());
        }),
    )
    .await;
    let [line] = &written[..] else { panic!("{written:?}") };
    assert_eq!((&line["level"], &line["message"]), (&json!("ERROR"), &json!("panicked")));
    assert_eq!((&line["causes"], &line["request_id"]), (&json!("nothing is left"), &json!("the gateway's")));
    assert!(line["place"].as_str().unwrap().contains("log/tests.rs"), "{line}");
}

#[test]
fn ids_are_found_in_events_that_lack_something_else() {
    let event = json!({"requestContext": {"requestId": "r", "apiId": "a", "http": {"sourceIp": "192.0.2.1"}}, "routeKey": "GET /x"});
    let of_http = RequestIds::find(&serde_json::to_vec(&event).unwrap());
    let event = json!({"requestContext": {"requestId": "r", "apiId": "a", "identity": {"sourceIp": "192.0.2.1"}}, "httpMethod": "GET", "resource": "/x"});
    let of_rest = RequestIds::find(&serde_json::to_vec(&event).unwrap());
    let expected = &*ids("r");
    assert_eq!((&of_http, &of_rest), (expected, expected));
    for nothing in [&b""[..], b"null", b"[]", b"{\"requestContext\":{}}", b"\xff"] {
        assert_eq!(RequestIds::find(nothing), RequestIds::default());
    }
}

#[tokio::test]
async fn requests_that_take_turns_keep_their_ids() {
    let turn = async |request_id| {
        in_request(request_id, async {
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
        tracing::warn!(target: "aws_smithy_runtime", { operation.name = "Query" }, "a warning");
        tracing::error!(target: "lambda_runtime::layers::panic", "an error, once more");
        tracing::trace!("all of our own");
        let _span = tracing::error_span!("of another crate").entered();
    };
    let written = lines(Level::TRACE, work).await;
    let messages: Vec<_> = written.iter().map(|line| line["message"].as_str().unwrap()).collect();
    assert_eq!(messages, ["a warning", "all of our own"]);
    assert_eq!(written[0]["operation_name"], "Query");
    assert_eq!(lines(Level::ERROR, async { tracing::warn!("not asked for") }).await, [] as [Value; 0]);
}
