//! Hostile events, sent straight to the runtime API of every function.
//!
//! No event ends a process. What a client can choose is refused with a 4xx or answered rightly. A 5xx or an error is
//! the answer only to an event that the gateway, the authorizer or the schedule never writes.

use std::{collections::BTreeMap, path::Path};

use kit::{Options, Random, World, run_with, share};
use serde_json::{Value, json};

/// What each member of an event is replaced by; the last is its removal.
fn replacements() -> Vec<Option<Value>> {
    let long = "x\u{e9}".repeat(10_000);
    let texts =
        ["", " ", "\"", "<", ">", "%", "%zz", "\u{e9}", "\u{0}", "\r\n", "\u{fffd}", "../..", "[::", &long];
    let odd = [
        json!(null),
        json!(true),
        json!(7),
        json!(-1),
        json!(0.5),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(1e300),
        json!([]),
        json!([null]),
        json!({}),
        json!({"": {"a": [1]}}),
    ];
    texts.into_iter().map(Value::from).chain(odd).map(Some).chain([None]).collect()
}

/// Returns the JSON pointer of each member of an event, at any depth.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let members: Vec<_> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect(),
        _ => return,
    };
    for (name, value) in members {
        let pointer = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
        found.push(pointer.clone());
        pointers(value, &pointer, found);
    }
}

fn change(event: &mut Value, pointer: &str, replacement: Option<&Value>) {
    let Some((parent, name)) = pointer.rsplit_once('/') else { return };
    let name = name.replace("~1", "/").replace("~0", "~");
    match (event.pointer_mut(parent), replacement) {
        (Some(Value::Object(members)), Some(value)) => drop(members.insert(name, value.clone())),
        (Some(Value::Object(members)), None) => drop(members.remove(&name)),
        (Some(Value::Array(items)), value) => {
            if let Some(item) = name.parse().ok().and_then(|at: usize| items.get_mut(at)) {
                *item = value.cloned().unwrap_or_default();
            }
        }
        _ => {}
    }
}

/// Returns the sample events, by the name of their file.
fn samples() -> BTreeMap<String, Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("events");
    let read = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
    };
    std::fs::read_dir(folder).unwrap().map(read).collect()
}

/// Returns the function that a sample is for. The authorizer has a sample for each kind of API.
fn function_of(sample: &str) -> &str {
    if sample.starts_with("authorize-request") { "authorize-request" } else { sample }
}

fn is_http(function: &str) -> bool {
    !matches!(function, "authorize-request" | "notify-expiring-keys")
}

/// Who writes a part of an event.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Writer {
    /// A client, or the gateway in a client's words.
    Client,
    /// The gateway, the authorizer or the schedule, in words of its own.
    Aws,
}

fn writer(pointer: &str) -> Writer {
    // Method, path and agent in the context are the client's own words too.
    if pointer.starts_with("/requestContext") || pointer.starts_with("/pathParameters") {
        Writer::Aws
    } else {
        Writer::Client
    }
}

/// One function, and what it answered so far.
struct Victim<'w> {
    world: &'w World,
    function: &'w str,
    sent: usize,
}

impl Victim<'_> {
    async fn send(&mut self, event: Vec<u8>, writer: Writer, what: &str) -> Option<Value> {
        self.sent += 1;
        let answer = self.world.stack.invoke_bytes(self.function, event).await;
        let answer = answer.map(|bytes| serde_json::from_slice::<Value>(&bytes).unwrap());
        let function = self.function;
        match &answer {
            Ok(answer) if is_http(function) => {
                let status = answer["statusCode"].as_u64().unwrap();
                let allowed = writer == Writer::Aws || status < 500;
                assert!(allowed, "{function}: {status} to {what}: {answer}");
            }
            Ok(answer) if function == "authorize-request" => {
                let text = answer.to_string();
                assert!(!text.contains("Allow") && answer["isAuthorized"] != true, "{what}: {text}");
            }
            Ok(_) => {}
            Err(error) => {
                let (kind, message) = (&error.error_type, &error.error_message);
                let own =
                    !kind.starts_with("Runtime.") && !kind.starts_with("Sandbox.") && !kind.contains("Panic");
                assert!(own, "{function}: {kind}: {message} after {what}");
                assert!(
                    writer == Writer::Aws || !is_http(function),
                    "{function}: {kind}: {message} to {what}"
                );
            }
        }
        answer.ok()
    }

    /// Sends the sample with these changes.
    async fn send_changed(&mut self, sample: &Value, changes: &[(&String, &Option<Value>)]) {
        let mut event = sample.clone();
        let mut all = Writer::Client;
        for (pointer, replacement) in changes {
            change(&mut event, pointer, replacement.as_ref());
            if writer(pointer) == Writer::Aws {
                all = Writer::Aws;
            }
        }
        let what = changes.iter().map(|(pointer, value)| {
            let value = value.as_ref().map(|value| value.to_string().chars().take(40).collect::<String>());
            format!("{pointer} = {value:?}")
        });
        self.send(event.to_string().into_bytes(), all, &what.collect::<Vec<_>>().join(" and ")).await;
    }

    /// Sends text that no JSON value of ours can hold, and more than a request can hold.
    async fn send_raw(&mut self, sample: &Value) {
        let text = sample.to_string();
        let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
        let inside = |member: &str| text.replacen('{', &format!("{{{member}, "), 1);
        let last = |member: &str| {
            format!(
                "{}, {member}}}",
                text.trim_end_matches('}').to_owned() + &"}".repeat(depth_of(&text) - 1)
            )
        };
        for (event, what) in [
            (String::new(), "nothing"),
            ("null".to_owned(), "null"),
            ("{".to_owned(), "half an object"),
            ("[]".to_owned(), "a list"),
            ("\"\\ud800\"".to_owned(), "half a character"),
            ("1e999".to_owned(), "a huge number"),
            (deep.clone(), "a deep list"),
            (format!("{text}{text}"), "two events"),
        ] {
            self.send(event.into_bytes(), Writer::Aws, what).await;
        }
        self.send(b"\"\xff\"".to_vec(), Writer::Aws, "no UTF-8").await;
        if !is_http(self.function) {
            for event in
                [inside("\"x\": 1e999"), inside("\"x\": \"\\ud800\""), inside(&format!("\"x\": {deep}"))]
            {
                self.send(event.into_bytes(), Writer::Aws, "an unknown member").await;
            }
            return;
        }
        for (event, what) in [
            (inside("\"x\": \"\\ud800\""), "half a character in an unknown member"),
            (inside("\"\\udc00\": 1"), "half a character in a name"),
            (inside("\"rawPath\": 7"), "a repeated path"),
            (inside("\"headers\": {\"a\": \"b\"}"), "repeated headers"),
            (last("\"rawQueryString\": \"a=\\ud800\""), "half a character in the query"),
            (last("\"rawPath\": \"/\\udfff\\ud800\""), "half characters in the path"),
            (
                last("\"body\": \"{\\\"name\\\": \\\"\\ud83d\\\"}\", \"isBase64Encoded\": false"),
                "half a character in the body",
            ),
            (
                last("\"body\": \"{\\\"name\\\": \\\"\\\\ud83d\\\"}\", \"isBase64Encoded\": false"),
                "half an escape in the body",
            ),
        ] {
            self.send(event.into_bytes(), Writer::Client, what).await;
        }
        for number in ["1e999", "-1e999", "123456789012345678901234567890"] {
            let body = format!("{{\"name\": {number}, \"overlap_seconds\": {number}, \"token\": {number}}}");
            self.send_changed(sample, &[(&"/body".to_owned(), &Some(json!(body)))]).await;
        }
    }

    /// Sends what clients can send of the parts that they choose.
    async fn send_chosen(&mut self, sample: &Value) {
        const TEXTS: [&str; 14] = [
            "\"",
            "<",
            ">",
            " ",
            "\u{e9}",
            "\u{1f600}",
            "%",
            "%ff",
            "%00",
            "\u{0}",
            "\n",
            "#?#",
            "{|}^`\\",
            "[]",
        ];
        if !is_http(self.function) {
            return;
        }
        let mut many = serde_json::Map::new();
        for number in 0..40_000 {
            many.insert(format!("x-{number}"), json!(""));
        }
        let (deep, long) = (format!("{}1{}", "[".repeat(9_000), "]".repeat(9_000)), "a".repeat(200_000));
        let mut cases = vec![
            ("/headers", json!(many)),
            ("/headers", json!({"x": vec!["a"; 40_000]})),
            ("/cookies", json!(vec!["a=b"; 40_000])),
            ("/body", json!(deep)),
            ("/body", json!(format!("{{\"name\": {deep}}}"))),
            ("/body", json!("{\"name\": 1, \"name\": 2}")),
            ("/body", json!(long)),
            ("/rawPath", json!(long)),
            ("/rawQueryString", json!(long)),
            ("/rawQueryString", json!("a&".repeat(5_000))),
        ];
        for text in TEXTS {
            for (pointer, value) in [
                ("/rawPath", json!(format!("/{text}"))),
                ("/rawQueryString", json!(text)),
                ("/rawQueryString", json!(format!("{text}={text}"))),
                ("/headers", json!({"host": text, "x-forwarded-proto": text})),
                (
                    "/headers",
                    json!({"x": text, "authorization": text, "content-type": text, "if-match": text}),
                ),
                ("/headers", json!({text: "x"})),
                (
                    "/headers",
                    json!({"content-encoding": text, "idempotency-key": text, "if-none-match": text}),
                ),
                ("/cookies", json!([text])),
                ("/body", json!(text)),
            ] {
                cases.push((pointer, value));
            }
            let mut event = sample.clone();
            event["requestContext"]["http"]["method"] = json!(text);
            event["requestContext"]["domainName"] = json!(text);
            event["requestContext"]["http"]["userAgent"] = json!(text);
            // All these are the client's words.
            self.send(event.to_string().into_bytes(), Writer::Client, &format!("{text:?} in the context"))
                .await;
        }
        for (pointer, value) in cases {
            self.send_changed(sample, &[(&pointer.to_owned(), &Some(value))]).await;
        }
        for (body, is_base64) in [
            (json!("?"), json!(true)),
            (json!("YQ"), json!(true)),
            (json!("/w=="), json!(true)),
            (json!("{}"), json!("true")),
            (json!("{}"), json!(1)),
            (json!(null), json!(true)),
            (json!("{}"), json!(null)),
        ] {
            let (at, coding) = ("/body".to_owned(), "/isBase64Encoded".to_owned());
            self.send_changed(sample, &[(&at, &Some(body)), (&coding, &Some(is_base64))]).await;
        }
    }
}

/// Counts the braces that close at the end of an event.
fn depth_of(text: &str) -> usize {
    text.len() - text.trim_end_matches('}').len()
}

#[test]
fn no_event_ends_a_process_and_each_is_refused_or_answered() {
    run_with(Options { instance_cap: 1, ..Options::default() }, async |world| {
        let (samples, replacements) = (samples(), replacements());
        let functions: Vec<_> = world.stack.functions().map(str::to_owned).collect();
        for function in &functions {
            assert!(samples.keys().any(|sample| function_of(sample) == function), "{function} has no sample");
        }
        let share = share::hostile_events() / samples.len();
        let mut random = Random::new(share::seed("HOSTILE_SEED").unwrap_or(1));
        let mut sent = 0;
        for (name, sample) in &samples {
            let mut victim = Victim { world, function: function_of(name), sent: 0 };
            let good = sample.to_string().into_bytes();
            let before = victim.send(good.clone(), Writer::Aws, "the sample").await;
            victim.send_raw(sample).await;
            victim.send_chosen(sample).await;
            let mut members = Vec::new();
            pointers(sample, "", &mut members);
            let mut singles: Vec<_> =
                members.iter().flat_map(|member| replacements.iter().map(move |new| (member, new))).collect();
            // Each single change once where the share allows it, and pairs of them for the rest.
            for number in 0..share {
                let drawn = (share < singles.len() && number % 2 == 0) || share >= singles.len();
                if drawn && !singles.is_empty() {
                    let at = random.below(singles.len());
                    let single = singles.swap_remove(at);
                    victim.send_changed(sample, &[single]).await;
                } else {
                    let pair = [(); 2].map(|()| (random.pick(&members), random.pick(&replacements)));
                    victim.send_changed(sample, &pair.each_ref().map(|(member, new)| (member, new))).await;
                }
            }
            let after = victim.send(good, Writer::Aws, "the sample").await;
            // The sample made another organization each time, up to the limit of a person.
            let status = |answer: Option<Value>| answer.map(|answer| answer["statusCode"].clone());
            let (before, after) = (status(before), status(after));
            assert!(
                before == after || name == "manage-organization",
                "{name}: {before:?} and then {after:?}"
            );
            sent += victim.sent;
        }
        assert!(sent >= 100 * samples.len(), "{sent}");
        for function in &functions {
            let lines = world.stack.logs().by_function(function);
            let panic = lines.iter().find(|line| line.contains("panicked") || line.contains("overflow"));
            assert_eq!(panic, None, "{function}");
        }
    });
}
