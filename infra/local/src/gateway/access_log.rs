//! The access log: one line for each request, in the format of the template.
//!
//! The format must be JSON once its variables have values. The values are escaped as JSON strings, so that no request can
//! end its value early. A variable without a value is `-`, as at API Gateway.

use std::{
    collections::{BTreeMap, VecDeque},
    io::Write as _,
    net::SocketAddr,
    sync::Mutex,
    time::{Duration, Instant},
};

use hyper::{StatusCode, body::Body as _, header::USER_AGENT, http::request::Parts};
use jiff::Timestamp;
use serde_json::Value;

use super::event::text;
use crate::{
    error::TemplateError,
    http::Response,
    random,
    tasks::lock,
    template::{ACCOUNT, names::API_ID, resolve::plain_text},
};

/// The number of lines that are kept.
const MAX_LINES: usize = 100_000;

/// The start of every variable.
const CONTEXT: &str = "$context.";

/// The variables of an HTTP API that the local stack knows, besides those of the authorizer's context.
const VARIABLES: [&str; 30] = [
    "accountId",
    "apiId",
    "authorizer.error",
    "authorizer.latency",
    "authorizer.requestId",
    "authorizer.status",
    "domainPrefix",
    "error.message",
    "error.messageString",
    "error.responseType",
    "extendedRequestId",
    "httpMethod",
    "identity.sourceIp",
    "identity.userAgent",
    "integration.error",
    "integration.latency",
    "integration.requestId",
    "integration.status",
    "integrationErrorMessage",
    "integrationLatency",
    "integrationStatus",
    "path",
    "protocol",
    "requestId",
    "requestTime",
    "requestTimeEpoch",
    "responseLatency",
    "responseLength",
    "routeKey",
    "status",
];

/// What happens to the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Destination {
    Kept,
    Printed,
    Dropped,
}

/// The format of the template: texts, and the variables after them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Format {
    parts: Vec<(String, Option<String>)>,
}

impl Format {
    /// Reads a format.
    pub(crate) fn parse(format: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut rest = format;
        while let Some((before, after)) = rest.split_once(CONTEXT) {
            let end =
                after.find(|character: char| !character.is_ascii_alphanumeric() && !"_.".contains(character));
            let (name, after) = after.split_at(end.unwrap_or(after.len()));
            if !VARIABLES.contains(&name) && !name.starts_with("authorizer.") {
                return Err(problem(&format!("has {CONTEXT}{name}, which the local stack does not know")));
            }
            parts.push((before.to_owned(), Some(name.to_owned())));
            rest = after;
        }
        parts.push((rest.to_owned(), None));
        let format = Self { parts };
        for value in ["-", "\"}\\\n", "1"] {
            let line = format.render(|_| Some(value.to_owned()));
            if line.contains('\n') || !serde_json::from_str::<Value>(&line).is_ok_and(|line| line.is_object())
            {
                return Err(problem(&format!("gives no JSON object in one line: {line}")));
            }
        }
        Ok(format)
    }

    fn render(&self, value: impl Fn(&str) -> Option<String>) -> String {
        let mut line = String::new();
        for (text, variable) in &self.parts {
            line.push_str(text);
            if let Some(variable) = variable {
                let value =
                    value(variable).filter(|value| !value.is_empty()).unwrap_or_else(|| "-".to_owned());
                let quoted = Value::from(value).to_string();
                line.push_str(&quoted[1..quoted.len() - 1]);
            }
        }
        line
    }
}

fn problem(reason: &str) -> TemplateError {
    TemplateError::new("Api.AccessLogSettings.Format", reason)
}

/// The log of the gateway.
#[derive(Debug)]
pub(crate) struct AccessLog {
    format: Option<Format>,
    destination: Destination,
    lines: Mutex<VecDeque<String>>,
}

impl AccessLog {
    /// Starts empty; without a format nothing is logged.
    pub(crate) fn new(format: Option<Format>, destination: Destination) -> Self {
        Self { format, destination, lines: Mutex::default() }
    }

    /// Returns every line so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        lock(&self.lines).iter().cloned().collect()
    }

    /// Writes the line of a request.
    pub(super) fn write(&self, mut entry: AccessLogEntry, response: &Response) {
        let Some(format) = self.format.as_ref().filter(|_| self.destination != Destination::Dropped) else {
            return;
        };
        entry.set("status", response.status().as_str());
        entry.set("responseLength", response.body().size_hint().exact().unwrap_or_default().to_string());
        entry.set("responseLatency", entry.began.elapsed().as_millis().to_string());
        let line = format.render(|variable| entry.value(variable));
        if self.destination == Destination::Printed {
            writeln!(std::io::stderr(), "access log: {line}").ok();
            return;
        }
        let mut lines = lock(&self.lines);
        if lines.len() == MAX_LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }
}

/// What the gateway knows of a request.
#[derive(Debug)]
pub(super) struct AccessLogEntry {
    pub(super) request_id: String,
    began: Instant,
    values: BTreeMap<&'static str, String>,
    context: Value,
}

impl AccessLogEntry {
    pub(super) fn new(head: &Parts, peer: SocketAddr, now: Timestamp) -> Self {
        let request_id = format!("{}=", random::base62(15));
        let mut entry = Self {
            request_id: request_id.clone(),
            began: Instant::now(),
            values: BTreeMap::new(),
            context: Value::Null,
        };
        for variable in ["requestId", "extendedRequestId"] {
            entry.set(variable, request_id.as_str());
        }
        for variable in ["apiId", "domainPrefix"] {
            entry.set(variable, API_ID);
        }
        entry.set("accountId", ACCOUNT);
        entry.set("httpMethod", head.method.as_str());
        entry.set("identity.sourceIp", peer.ip().to_string());
        entry.set("identity.userAgent", text(&head.headers, USER_AGENT.as_str()));
        entry.set("path", head.uri.path());
        entry.set("protocol", format!("{:?}", head.version));
        entry.set("requestTime", now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string());
        entry.set("requestTimeEpoch", now.as_millisecond().to_string());
        entry
    }

    /// Sets a variable.
    pub(super) fn set(&mut self, variable: &'static str, value: impl Into<String>) {
        debug_assert!(VARIABLES.contains(&variable), "{variable}");
        self.values.insert(variable, value.into());
    }

    /// Sets the variables of the authorizer's context.
    pub(super) fn set_context(&mut self, context: &Value) {
        self.context = context.clone();
    }

    /// Sets the variables of a call of the authorizer. One that fails has no response of its own.
    pub(super) fn set_authorizer_call(&mut self, id: String, latency: Duration, responded: bool) {
        let status = if responded { StatusCode::OK } else { StatusCode::INTERNAL_SERVER_ERROR };
        self.set("authorizer.requestId", id);
        self.set("authorizer.latency", latency.as_millis().to_string());
        self.set("authorizer.status", status.as_str());
    }

    /// Sets the variables of a refusal by the gateway itself.
    pub(super) fn set_refusal(&mut self, status: StatusCode, message: &str) {
        let kind = match status {
            StatusCode::UNAUTHORIZED => "UNAUTHORIZED",
            StatusCode::FORBIDDEN => "ACCESS_DENIED",
            StatusCode::NOT_FOUND => "RESOURCE_NOT_FOUND",
            StatusCode::PAYLOAD_TOO_LARGE => "REQUEST_TOO_LARGE",
            StatusCode::TOO_MANY_REQUESTS => "THROTTLED",
            _ if self.values.contains_key("authorizer.error") => "AUTHORIZER_FAILURE",
            _ => "INTEGRATION_FAILURE",
        };
        self.set("error.message", message);
        self.set("error.messageString", format!("\"{message}\""));
        self.set("error.responseType", kind);
    }

    /// Sets the variables of an integration that did not respond.
    pub(super) fn set_integration_error(&mut self, message: &str) {
        self.set("integrationErrorMessage", message);
        self.set("integration.error", message);
    }

    fn value(&self, variable: &str) -> Option<String> {
        let of_context = || self.context.get(variable.strip_prefix("authorizer.")?).map(plain_text);
        self.values.get(variable).cloned().or_else(of_context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_must_give_json_whatever_its_values_are() {
        for (format, named) in [
            (r#"{"id":"$context.requestId","who":"$context.authorizer.user_id"}"#, ""),
            (r#"{"id":"$context.requestId", "status":$context.status}"#, "no JSON object"),
            (r#"{"id":"$context.requestId""#, "no JSON object"),
            (r#""$context.requestId""#, "no JSON object"),
            ("{\n}", "no JSON object"),
            (r#"{"id":"$context.requestID"}"#, "$context.requestID"),
        ] {
            let said = Format::parse(format).map_or_else(|problem| problem.to_string(), |_| String::new());
            assert!(said.contains(named) && named.is_empty() == said.is_empty(), "{format}: {said}");
        }
    }

    #[test]
    fn values_are_escaped_and_missing_ones_are_a_dash() {
        let format = Format::parse(r#"{"a":"$context.path/x","b":"$context.status"}"#).unwrap();
        let line = format.render(|variable| (variable == "path").then(|| "\"\\\u{1}\u{2028}é".to_owned()));
        let line: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line, serde_json::json!({"a": "\"\\\u{1}\u{2028}é/x", "b": "-"}));
    }
}
