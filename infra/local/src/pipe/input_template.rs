//! The input template of a pipe: JSON with paths into a record, `<$.a.b>`, in the place of values.
//!
//! A path that stands without quotes becomes the value as JSON: a text with its quotes. So a number of `DynamoDB`, which
//! streams carry as a text, becomes a text of digits.

use serde_json::Value;

/// A template whose paths are all understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InputTemplate(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Path(String),
}

impl InputTemplate {
    /// Reads a template. The error says what is wrong with it.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let (mut parts, mut rest) = (Vec::new(), text);
        while let Some((before, after)) = rest.split_once('<') {
            let (path, after) = after.split_once('>').ok_or("has < without >")?;
            if before.ends_with('"') || after.starts_with('"') {
                return Err(format!("has {path} in quotes, which would not escape its value"));
            }
            check(path)?;
            parts.extend([Part::Text(before.to_owned()), Part::Path(path.to_owned())]);
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        let template = Self(parts);
        let filled = template.fill_with(|_| Some("null".to_owned()))?;
        match serde_json::from_str::<Value>(&filled) {
            Ok(Value::Object(_)) => Ok(template),
            _ => Err("is no JSON object".to_owned()),
        }
    }

    /// Fills the template from a record. The error names a path that the record does not have.
    pub(crate) fn fill(&self, record: &Value) -> Result<Value, String> {
        let filled = self.fill_with(|path| value_at(path, record).map(Value::to_string))?;
        serde_json::from_str(&filled).map_err(|error| error.to_string())
    }

    fn fill_with(&self, value: impl Fn(&str) -> Option<String>) -> Result<String, String> {
        let part = |part: &Part| match part {
            Part::Text(text) => Ok(text.clone()),
            Part::Path(path) => value(path).ok_or_else(|| format!("the record has no {path}")),
        };
        self.0.iter().map(part).collect()
    }
}

/// Checks that a path has members alone.
fn check(path: &str) -> Result<(), String> {
    let is_member = |member: &str| {
        !member.is_empty() && member.chars().all(|one| one.is_ascii_alphanumeric() || "_-".contains(one))
    };
    match path.strip_prefix("$.") {
        Some(members) if members.split('.').all(is_member) => Ok(()),
        _ => Err(format!("has {path}, which the local stack does not understand")),
    }
}

/// Returns the value at a path such as `$.a.b`.
pub(super) fn value_at<'v>(path: &str, record: &'v Value) -> Option<&'v Value> {
    path.strip_prefix("$.")?.split('.').try_fold(record, |value, member| value.get(member))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_become_the_values_of_the_record_as_json() {
        let template = InputTemplate::read(r#"{"a":<$.x.S>,"b":{"c":<$.x>}}"#).unwrap();
        let filled = template.fill(&json!({"x": {"S": "say \"hi\""}})).unwrap();
        assert_eq!(filled, json!({"a": "say \"hi\"", "b": {"c": {"S": "say \"hi\""}}}));
        assert_eq!(template.fill(&json!({"x": {"N": "1"}})), Err("the record has no $.x.S".to_owned()));
    }

    #[test]
    fn a_template_that_is_not_understood_is_refused() {
        for text in [
            "text",
            "{\"a\":<$.x}",
            "{\"a\":\"<$.x>\"}",
            "{\"a\":<aws.pipes.pipe-name>}",
            "{\"a\":<$.x[0]>}",
            "{\"a\":<$.x>",
            "[<$.x>]",
        ] {
            assert!(InputTemplate::read(text).is_err(), "{text}");
        }
    }
}
