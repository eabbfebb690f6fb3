//! The format of the access log's lines, as the template declares it.

use serde_json::Value;

use crate::error::TemplateError;

/// The start of every variable.
const CONTEXT: &str = "$context.";

/// The variables of an HTTP API that the local stack knows, besides those of the authorizer's context.
pub(super) const VARIABLES: [&str; 30] = [
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

    pub(super) fn render(&self, value: impl Fn(&str) -> Option<String>) -> String {
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
