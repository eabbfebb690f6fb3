//! Builds hostile events: the sample events with members replaced, and payloads that are no events.

use std::{collections::BTreeMap, path::Path};

use serde_json::{Map, Value, json};

/// Who writes a part of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writer {
    /// A client, or the gateway in a client's words.
    Client,
    /// The gateway, the authorizer or the schedule, in words of its own.
    Aws,
}

/// A member's JSON pointer, and its new value or its removal.
pub(super) type Change = (String, Option<Value>);

/// Texts that a client can put wherever it writes a text.
const TEXTS: [&str; 14] =
    ["\"", "<", ">", " ", "\u{e9}", "\u{1f600}", "%", "%ff", "%00", "\u{0}", "\n", "#?#", "{|}^`\\", "[]"];

/// What a client chooses of the context.
const CHOSEN_OF_THE_CONTEXT: [&str; 3] =
    ["/requestContext/http/method", "/requestContext/domainName", "/requestContext/http/userAgent"];

/// Returns who writes what this change replaces.
pub(super) fn writer((pointer, value): &Change) -> Writer {
    let chosen =
        CHOSEN_OF_THE_CONTEXT.contains(&pointer.as_str()) && value.as_ref().is_some_and(Value::is_string);
    let of_aws = pointer.starts_with("/requestContext") || pointer.starts_with("/pathParameters");
    if of_aws && !chosen { Writer::Aws } else { Writer::Client }
}

/// Returns the sample events, by the name of their file.
pub(super) fn samples() -> BTreeMap<String, Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("events");
    let read = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
    };
    std::fs::read_dir(folder).unwrap().map(read).collect()
}

/// Returns an event with these changes, made in order.
pub(super) fn changed(sample: &Value, changes: &[Change]) -> Vec<u8> {
    let mut event = sample.clone();
    for (pointer, replacement) in changes {
        change(&mut event, pointer, replacement.as_ref());
    }
    event.to_string().into_bytes()
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

/// Returns the JSON pointer of each member of an event, at any depth.
pub(super) fn pointers(event: &Value) -> Vec<String> {
    fn visit(value: &Value, at: &str, found: &mut Vec<String>) {
        let members: Vec<_> = match value {
            Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
            Value::Array(items) => {
                items.iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect()
            }
            _ => return,
        };
        for (name, value) in members {
            let pointer = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
            found.push(pointer.clone());
            visit(value, &pointer, found);
        }
    }
    let mut found = Vec::new();
    visit(event, "", &mut found);
    found
}

/// Returns what each member of an event is replaced by; the last is its removal.
pub(super) fn replacements() -> Vec<Option<Value>> {
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

/// Returns each member with each replacement. As many as there are members hold every member once.
pub(super) fn singles(members: &[String], replacements: &[Option<Value>]) -> Vec<Change> {
    let single = |round: usize, at: usize| {
        (members[at].clone(), replacements[(at + round) % replacements.len()].clone())
    };
    (0..replacements.len()).flat_map(|round| (0..members.len()).map(move |at| single(round, at))).collect()
}

/// Returns payloads that no JSON value of ours can hold, or that are no events.
pub(super) fn raw(sample: &Value, is_http: bool) -> Vec<(Vec<u8>, Writer, &'static str)> {
    let text = sample.to_string();
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    let first = |member: &str| text.replacen('{', &format!("{{{member}, "), 1);
    let last = |member: &str| format!("{}, {member}}}", &text[..text.len() - 1]);
    let mut events: Vec<(Vec<u8>, Writer, &str)> = vec![(b"\"\xff\"".to_vec(), Writer::Aws, "no UTF-8")];
    for (event, what) in [
        (String::new(), "nothing"),
        ("null".to_owned(), "null"),
        ("{".to_owned(), "half an object"),
        ("[]".to_owned(), "a list"),
        ("\"\\ud800\"".to_owned(), "half a character"),
        ("1e999".to_owned(), "a huge number"),
        (deep.clone(), "a deep list"),
        (format!("{text}{text}"), "two events"),
        (first("\"x\": 1e999"), "a huge number in an unknown member"),
        (first(&format!("\"x\": {deep}")), "a deep list in an unknown member"),
        (first("\"requestContext\": 7"), "a repeated context"),
    ] {
        events.push((event.into_bytes(), Writer::Aws, what));
    }
    let chosen = if is_http { Writer::Client } else { Writer::Aws };
    for (event, what) in [
        (first("\"x\": \"\\ud800\""), "half a character in an unknown member"),
        (first("\"\\udc00\": 1"), "half a character in a name"),
        (first("\"rawPath\": 7"), "a repeated path"),
        (first("\"headers\": {\"a\": \"b\"}"), "repeated headers"),
        (last("\"rawQueryString\": \"a=\\ud800\""), "half a character in the query"),
        (last("\"rawPath\": \"/\\udfff\\ud800\""), "half characters in the path"),
        (last("\"headers\": {\"x\": \"\\ud800\"}"), "half a character in a header"),
        (
            last("\"body\": \"{\\\"name\\\": \\\"\\ud83d\\\"}\", \"isBase64Encoded\": false"),
            "half a character in the body",
        ),
        (
            last("\"body\": \"{\\\"name\\\": \\\"\\\\ud83d\\\"}\", \"isBase64Encoded\": false"),
            "half an escape in the body",
        ),
    ] {
        events.push((event.into_bytes(), chosen, what));
    }
    events
}

/// Returns what clients can send to a function behind the gateway.
pub(super) fn chosen() -> Vec<Vec<Change>> {
    let mut cases = Vec::new();
    let mut add = |pointer: &str, value: Value| cases.push(vec![(pointer.to_owned(), Some(value))]);
    for text in TEXTS {
        add("/rawPath", json!(format!("/{text}")));
        add("/rawQueryString", json!(text));
        add("/rawQueryString", json!(format!("{text}={text}")));
        add("/headers", json!({"host": text, "x-forwarded-proto": text}));
        add("/headers", json!({"x": text, "authorization": text, "content-type": text, "if-match": text}));
        add("/headers", json!({text: "x"}));
        add("/headers", json!({"content-encoding": text, "idempotency-key": text, "if-none-match": text}));
        add("/cookies", json!([text]));
        add("/body", json!(text));
        for pointer in CHOSEN_OF_THE_CONTEXT {
            add(pointer, json!(text));
        }
    }
    add("/body", json!("{\"name\": 1, \"name\": 2}"));
    for number in ["1e999", "-1e999", "123456789012345678901234567890"] {
        add(
            "/body",
            json!(format!("{{\"name\": {number}, \"overlap_seconds\": {number}, \"token\": {number}}}")),
        );
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
        cases.push(vec![("/body".to_owned(), Some(body)), ("/isBase64Encoded".to_owned(), Some(is_base64))]);
    }
    cases
}

/// Returns what clients can send to a function behind the gateway, where each takes long to read.
pub(super) fn large() -> Vec<Vec<Change>> {
    let many: Map<_, _> = (0..40_000).map(|number| (format!("x-{number}"), json!(""))).collect();
    let (deep, long) = (format!("{}1{}", "[".repeat(9_000), "]".repeat(9_000)), "a".repeat(200_000));
    let cases = [
        ("/headers", json!(many)),
        ("/headers", json!({"x": vec!["a"; 40_000]})),
        ("/cookies", json!(vec!["a=b"; 40_000])),
        ("/body", json!(deep)),
        ("/body", json!(format!("{{\"name\": {deep}}}"))),
        ("/body", json!(long)),
        ("/rawPath", json!(long)),
        ("/rawQueryString", json!(long)),
        ("/rawQueryString", json!("a&".repeat(5_000))),
    ];
    cases.map(|(pointer, value)| vec![(pointer.to_owned(), Some(value))]).into()
}

/// Returns what clients can send to the authorizer, in the members that this kind of event has.
pub(super) fn chosen_for_authorizer(sample: &Value) -> Vec<Vec<Change>> {
    let mut cases = Vec::new();
    for text in TEXTS.into_iter().chain(["Basic ", "Bearer %", "Basic =", "ak_\u{e9}"]) {
        for (pointer, value) in [
            ("/rawPath", json!(format!("/{text}"))),
            ("/path", json!(format!("/{text}"))),
            ("/rawQueryString", json!(format!("{text}={text}&{text}"))),
            ("/queryStringParameters", json!({text: text})),
            ("/multiValueQueryStringParameters", json!({text: [text, text]})),
            ("/headers", json!({"authorization": text})),
            ("/headers", json!({"x-access-key": text, text: text})),
            ("/headers", json!({"cookie": text, "host": text, "x-console-request": text})),
            ("/multiValueHeaders", json!({"authorization": [text], text: [text, text]})),
            ("/cookies", json!([text])),
        ] {
            if pointer == "/cookies" || sample.pointer(pointer).is_some() {
                cases.push(vec![(pointer.to_owned(), Some(value))]);
            }
        }
    }
    cases
}
