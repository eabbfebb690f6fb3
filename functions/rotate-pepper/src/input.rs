//! The function's input, which the schedule or a person sends.

use api::Instant;
use domain::{Time, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::failure::Failure;

/// The input of one run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Input {
    /// The scheduled time, by which a repeated event is known. A person sends none.
    pub(crate) time: Option<Time>,
    /// Whether strangers know the pepper, so that its next version is worth nothing.
    pub(crate) leaked: bool,
}

/// The input as JSON. Further fields, which EventBridge adds, are ignored.
#[derive(Debug, Deserialize)]
struct JsonInput {
    time: Option<Instant>,
    #[serde(default)]
    leaked: bool,
}

impl Input {
    /// Parses the input. An error names the wrong field.
    pub(crate) fn parse(payload: Value) -> Result<Self, Failure> {
        let payload = if payload.is_null() { json!({}) } else { payload };
        // Serde would read an array as the fields in their order.
        if !payload.is_object() {
            return Err(Failure::Input {
                field: "the event".to_owned(),
                rule: "must be a JSON object".to_owned(),
            });
        }
        let input: JsonInput = serde_path_to_error::deserialize(payload).map_err(|error| Failure::Input {
            field: error.path().to_string(),
            rule: error.into_inner().to_string(),
        })?;
        let time = input.time.map(|time| time.0);
        if time.is_some_and(Timestamp::is_before_2020) {
            return Err(Failure::Input {
                field: "time".to_owned(),
                rule: "must be 2020 or later".to_owned(),
            });
        }
        Ok(Self { time, leaked: input.leaked })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_and_leak_are_optional_and_other_fields_are_ignored() {
        let parsed = |payload| Input::parse(payload).unwrap();
        for payload in [json!(null), json!({}), json!({"leaked": false, "id": "x"})] {
            assert_eq!(parsed(payload), Input { time: None, leaked: false });
        }
        let time = Some(Time::from_seconds(1_767_268_800));
        let payload = json!({"time": "2026-01-01T12:00:00Z", "leaked": true});
        assert_eq!(parsed(payload), Input { time, leaked: true });
    }

    #[test]
    fn an_error_names_the_wrong_field() {
        for (payload, field) in [
            (json!({"time": "yesterday"}), "time: "),
            (json!({"time": "2019-12-31T23:59:59Z"}), "time: must be 2020 or later"),
            (json!({"leaked": "true"}), "leaked: "),
            (json!({"leaked": null}), "leaked: "),
            (json!([1, 2, 3]), "the event: "),
            (json!("leaked"), "the event: "),
        ] {
            let refused = Input::parse(payload.clone()).unwrap_err().to_string();
            assert!(refused.starts_with(field), "{payload}: {refused}");
        }
    }

    #[test]
    fn fuzzed_inputs_are_leaks_only_where_they_say_so() {
        let sample = include_str!("../../../tests/events/rotate-pepper.json");
        fuzz::documents("pepper_input").with(sample).play(|text| {
            let Ok(payload) = serde_json::from_str::<Value>(text) else { return false };
            let leaked = payload.get("leaked");
            let said = payload.get("time").filter(|time| !time.is_null());
            let time = said.and_then(Value::as_str).and_then(|time| Time::parse(time).ok());
            let time = time.filter(|time| *time >= Time::from_seconds(1_577_836_800));
            let is_right = (payload.is_null() || payload.is_object())
                && leaked.is_none_or(Value::is_boolean)
                && (said.is_none() || time.is_some());
            let expected = is_right.then_some(Input { time, leaked: leaked == Some(&json!(true)) });
            assert_eq!(Input::parse(payload).ok(), expected);
            expected.is_some()
        });
    }
}
