//! What a function wrote, in words.

use serde_json::Value;

/// The fields of a line that are shown elsewhere, or that say nothing to a person at a terminal.
const LEFT_OUT: [&str; 17] = [
    "timestamp",
    "level",
    "message",
    "causes",
    "place",
    "reason",
    "code",
    "status",
    "request_id",
    "lambda_request_id",
    "trace_id",
    "api_id",
    "route",
    "source_ip",
    "organization_id",
    "function",
    "_aws",
];

/// What is shown of one line of a function.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Words {
    /// The request; empty if it is of none.
    pub(super) request_id: String,
    /// A word for the end of the request's line; may be empty.
    pub(super) short: String,
    /// Lines to show below; none for what a person need not see.
    pub(super) paragraph: Vec<String>,
    pub(super) is_failure: bool,
}

impl Words {
    /// Reads a line. One that is no JSON is shown as it is.
    pub(super) fn of_line(function: &str, line: &str) -> Self {
        let line = line.trim_end();
        let Ok(Value::Object(fields)) = serde_json::from_str::<Value>(line) else {
            let paragraph = vec![format!("{function}: {}", plain(line))];
            return Self { paragraph, ..Self::default() };
        };
        let text = |name: &str| fields.get(name).and_then(Value::as_str).map(plain).unwrap_or_default();
        let (level, message) = (text("level"), text("message"));
        let mut words =
            Self { request_id: text("request_id"), is_failure: level == "ERROR", ..Self::default() };
        let others = || {
            let others = fields.iter().filter(|(name, _)| !LEFT_OUT.contains(&name.as_str()));
            let others = others.map(|(name, value)| match value {
                Value::String(text) => format!("{name} {}", plain(text)),
                value => format!("{name} {value}"),
            });
            others.collect::<Vec<_>>().join(", ")
        };
        match level.as_str() {
            "ERROR" => {
                words.paragraph = failure(function, &message, &text("causes"), &text("place"));
            }
            "WARN" => {
                words.paragraph = vec![format!("{function} warns: {message}")];
                words
                    .paragraph
                    .extend([text("causes"), others()].into_iter().filter(|text| !text.is_empty()));
            }
            "INFO" if message == "started an instance" => {}
            "INFO" if fields.contains_key("reason") || fields.contains_key("code") => {
                words.short = text("reason") + &text("code");
            }
            "INFO"
                if ["Due", "Failed", "LeftOver"]
                    .iter()
                    .all(|count| fields.get(*count) == Some(&0.into())) => {}
            _ => {
                let others = others();
                let others = if others.is_empty() { others } else { format!(" ({others})") };
                words.paragraph = vec![format!("{function}: {message}{others}")];
            }
        }
        words
    }

    /// Says why a function did not answer, as the gateway knows it.
    pub(super) fn of_gateway(failure: &str) -> Self {
        Self { paragraph: vec![plain(failure)], is_failure: true, ..Self::default() }
    }

    /// Says what became of an instance, as the stack knows it.
    pub(super) fn of_stack(function: &str, note: &str) -> Self {
        let paragraph =
            vec![format!("{function}: {}", plain(note)), format!("look at functions/{function}/src")];
        Self { paragraph, is_failure: true, ..Self::default() }
    }
}

/// Says which function failed, what it said of that, and where to look.
fn failure(function: &str, message: &str, causes: &str, place: &str) -> Vec<String> {
    let (what, look_at) = match message {
        "panicked" => (format!("{function} panicked"), place.to_owned()),
        "the instance ends" => (
            format!("{function} cannot start"),
            "the parameters (--parameter), and Environment of the function in template.yaml".to_owned(),
        ),
        _ => (
            format!("{function} failed: {message}"),
            "the cause; more with --parameter LogLevel=debug".to_owned(),
        ),
    };
    let causes = (!causes.is_empty()).then(|| causes.to_owned());
    [what].into_iter().chain(causes).chain([format!("look at {look_at}")]).collect()
}

/// Names the caller of a request, by the authorizer's context.
pub(super) fn caller(context: &Value) -> String {
    let text = |name: &str| plain(context[name].as_str().unwrap_or_default());
    let named =
        ["email", "user_name", "subject", "user_id"].map(text).into_iter().find(|name| !name.is_empty());
    match (text("key_name"), named) {
        (key, Some(user)) if !key.is_empty() => format!("key {key} of {user}"),
        (_, Some(user)) => user,
        _ => "-".to_owned(),
    }
}

/// Replaces what could control a terminal.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}
