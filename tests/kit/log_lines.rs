//! The lines that functions log: their fields, which everything that reads the log relies on.

use serde_json::Value;

/// The fields that each line has.
pub const ALWAYS: [&str; 3] = ["timestamp", "level", "message"];

/// The fields that each line of a request has.
pub const OF_REQUEST: [&str; 5] = ["request_id", "lambda_request_id", "trace_id", "api_id", "route"];

/// The fields that a line of a request has where they are known.
pub const WHERE_KNOWN: [&str; 4] = ["organization_id", "user_id", "key_id", "source_ip"];

/// The members of metrics.
pub const METRICS: [&str; 15] = [
    "_aws",
    "function",
    "Refusals",
    "Failures",
    "Starts",
    "StartMilliseconds",
    "Due",
    "Sent",
    "Failed",
    "LeftOver",
    "Lag",
    "KeysExpiring30Days",
    "days_left",
    "overlap_seconds",
    "reason",
];

/// All other fields.
pub const OTHERS: [&str; 22] = [
    "argon2_runs",
    "attempts",
    "beyond_share",
    "causes",
    "code",
    "count",
    "item_id",
    "item_kind",
    "key_ids",
    "mail_id",
    "message_id",
    "passed_over",
    "passed_over_count",
    "place",
    "reader",
    "reserved",
    "ses_code",
    "skipped",
    "status",
    "url",
    "waiting",
    "wanted",
];

/// Fields of lines that other crates write, warnings and errors alone.
const OF_OTHER_CRATES: [&str; 1] = ["error"];

/// Lists every field.
pub fn fields() -> impl Iterator<Item = &'static str> {
    let lists: [&[&str]; 6] = [&ALWAYS, &OF_REQUEST, &WHERE_KNOWN, &METRICS, &OTHERS, &OF_OTHER_CRATES];
    lists.into_iter().flatten().copied()
}

/// Checks a line that a function wrote: it is one JSON object, and readers know each of its fields.
pub(crate) fn check(function: &str, line: &str) {
    let parsed: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{function}: no JSON: {line}"));
    let members = parsed.as_object().unwrap_or_else(|| panic!("{function}: no object: {line}"));
    for always in ALWAYS {
        assert!(members.get(always).is_some_and(Value::is_string), "{function}: no {always}: {line}");
    }
    for name in members.keys() {
        assert!(fields().any(|field| field == name), "{function}: the field {name} is unknown: {line}");
    }
    // An object keeps one of two members of a name.
    let twice = members.keys().find(|name| line.matches(&format!("\"{name}\":")).count() > 1);
    assert!(twice.is_none(), "{function}: {twice:?} stands twice: {line}");
}
