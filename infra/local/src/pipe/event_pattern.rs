//! The patterns by which `EventBridge` selects events.
//!
//! The stack understands texts and `exists`, as `template.yaml` uses them. It refuses every other matcher.

use serde_json::Value;

/// A pattern whose matchers are all understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EventPattern(Value);

impl EventPattern {
    /// Reads a pattern. The error says which part is not understood.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let pattern: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        check(&pattern)?;
        Ok(Self(pattern))
    }

    /// Tells whether an event has everything that the pattern names.
    pub(crate) fn matches(&self, event: &Value) -> bool {
        matches(&self.0, event)
    }
}

fn check(pattern: &Value) -> Result<(), String> {
    match pattern {
        Value::Object(members) => {
            members.iter().try_for_each(|(name, member)| match (name.starts_with('$'), member) {
                (false, Value::Object(_)) => check(member),
                (false, Value::Array(matchers)) => match matchers.iter().find(|matcher| !known(matcher)) {
                    Some(matcher) => Err(format!("has the matcher {matcher}, which the local stack lacks")),
                    None => Ok(()),
                },
                _ => Err(format!("has {name}, which the local stack does not understand")),
            })
        }
        _ => Err("is no object".to_owned()),
    }
}

fn known(matcher: &Value) -> bool {
    matcher.is_string() || exists(matcher).is_some()
}

fn exists(matcher: &Value) -> Option<bool> {
    let members = matcher.as_object().filter(|members| members.len() == 1)?;
    members.get("exists")?.as_bool()
}

fn matches(pattern: &Value, event: &Value) -> bool {
    match pattern {
        Value::Object(members) => {
            members.iter().all(|(name, member)| match (member, event.get(name)) {
                (Value::Array(matchers), value) => matchers.iter().any(|matcher| match exists(matcher) {
                    // `exists` looks at leaves alone.
                    Some(wanted) => value.is_some_and(|value| !value.is_object()) == wanted,
                    None => value == Some(matcher),
                }),
                (member, value) => matches(member, value.unwrap_or(&Value::Null)),
            })
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pattern_matches_events_that_have_all_its_members() {
        let pattern = EventPattern::read(r#"{"eventName":["INSERT"],"a":{"b":{"S":[{"exists":true}]}}}"#);
        let pattern = pattern.unwrap();
        assert!(pattern.matches(&json!({"eventName": "INSERT", "a": {"b": {"S": "x"}}})));
        assert!(!pattern.matches(&json!({"eventName": "MODIFY", "a": {"b": {"S": "x"}}})));
        assert!(!pattern.matches(&json!({"eventName": "INSERT", "a": {"b": {"N": "1"}}})));
        assert!(!pattern.matches(&json!({"eventName": "INSERT"})));
        let absent = EventPattern::read(r#"{"a":[{"exists":false}]}"#).unwrap();
        assert!(absent.matches(&json!({})) && !absent.matches(&json!({"a": "x"})));
    }

    #[test]
    fn a_pattern_that_is_not_understood_is_refused() {
        for text in [
            "[]",
            "{",
            r#"{"a":"b"}"#,
            r#"{"a":[{"prefix":"b"}]}"#,
            r#"{"$or":[]}"#,
            r#"{"a":[{"exists":true,"prefix":"x"}]}"#,
        ] {
            assert!(EventPattern::read(text).is_err(), "{text}");
        }
    }
}
