//! The function's input, which the schedule sends.

use std::num::NonZeroU32;

use api::Instant;
use domain::{Time, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use crate::failure::Failure;

/// The input of one run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ScheduleInput {
    /// The time at which items are due.
    pub(crate) now: Time,
    /// The shards of the `due` index that the run reads: sorted, each once, never empty.
    pub(crate) shards: Vec<u32>,
}

/// The input as JSON. Further fields, which EventBridge adds, are ignored.
#[derive(Debug, Deserialize)]
struct JsonInput {
    time: Instant,
    shards: Option<Vec<u32>>,
}

impl ScheduleInput {
    /// Parses the input for an index of `due_shards` shards. An error names the wrong field.
    pub(crate) fn parse(payload: Value, due_shards: NonZeroU32) -> Result<Self, Failure> {
        // Serde would read an array as the fields in their order.
        if !payload.is_object() {
            return Err(Failure::input("the event", "must be a JSON object"));
        }
        let input: JsonInput = serde_path_to_error::deserialize(payload).map_err(|error| {
            let field = error.path().to_string();
            let field = if field == "." { "the event".to_owned() } else { field };
            Failure::input(field, error.into_inner())
        })?;
        let due_shards = due_shards.get();
        let mut shards = input.shards.unwrap_or_else(|| (0..due_shards).collect());
        shards.sort_unstable();
        shards.dedup();
        if shards.is_empty() || shards.iter().any(|shard| *shard >= due_shards) {
            return Err(Failure::input("shards", format!("must name some of 0 to {}", due_shards - 1)));
        }
        let now = input.time.0;
        if Timestamp::is_before_2020(now) {
            return Err(Failure::input("time", "must be 2020 or later"));
        }
        Ok(Self { now, shards })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const THREE: NonZeroU32 = NonZeroU32::new(3).unwrap();

    #[test]
    fn the_time_and_the_shards_are_read_and_other_fields_are_ignored() {
        let input = ScheduleInput::parse(json!({"time": "2026-01-01T12:00:00Z", "id": "x"}), THREE).unwrap();
        assert_eq!(input, ScheduleInput { now: Time::from_seconds(1_767_268_800), shards: vec![0, 1, 2] });
        let input = ScheduleInput::parse(json!({"time": "2026-01-01T12:00:00Z", "shards": [2, 0, 2]}), THREE)
            .unwrap();
        assert_eq!(input.shards, [0, 2]);
        let one = ScheduleInput::parse(json!({"time": "2026-01-01T12:00:00Z"}), NonZeroU32::MIN).unwrap();
        assert_eq!(one.shards, [0]);
    }

    #[test]
    fn an_error_names_the_wrong_field() {
        let time = "2026-01-01T12:00:00Z";
        for (payload, field) in [
            (json!({"time": "yesterday"}), "time: "),
            (json!({"time": 5}), "time: "),
            (json!({"time": "1970-01-01T00:00:00Z"}), "time: must be 2020 or later"),
            (json!({"time": "2019-12-31T23:59:59Z"}), "time: must be 2020 or later"),
            (json!({"time": "2020-01-01T01:59:59.000+02:00"}), "time: must be 2020 or later"),
            (json!({}), "the event: missing field `time`"),
            (json!(null), "the event: "),
            (json!([time]), "the event: must be a JSON object"),
            (json!([time, [0]]), "the event: must be a JSON object"),
            (json!({"time": time, "shards": 1}), "shards: "),
            (json!({"time": time, "shards": ["1"]}), "shards[0]: "),
            (json!({"time": time, "shards": [3]}), "shards: must name some of 0 to 2"),
            (json!({"time": time, "shards": []}), "shards: "),
        ] {
            let refused = ScheduleInput::parse(payload.clone(), THREE).unwrap_err().to_string();
            assert!(refused.starts_with(field), "{payload}: {refused}");
        }
    }

    #[test]
    fn fuzzed_inputs_name_a_time_from_2020_on_and_shards_of_the_index() {
        let sample = include_str!("../../../tests/events/notify-expiring-keys.json");
        fuzz::documents("schedule_input").with(sample).play(|text| {
            let payload: Value = serde_json::from_str(text).unwrap_or_default();
            let time = payload.get("time").and_then(Value::as_str).and_then(|time| Time::parse(time).ok());
            let time = time.filter(|time| *time >= Time::from_seconds(1_577_836_800));
            let shards: Option<Vec<u32>> = match payload.get("shards") {
                None | Some(Value::Null) => Some(vec![0, 1, 2]),
                Some(named) => {
                    let is_named =
                        |shard: &u32| named.as_array().is_some_and(|list| list.contains(&json!(shard)));
                    let is_known = |shard: &Value| [json!(0), json!(1), json!(2)].contains(shard);
                    let all = named.as_array().filter(|list| !list.is_empty() && list.iter().all(is_known));
                    all.map(|_| (0..3).filter(is_named).collect())
                }
            };
            let expected = time.zip(shards).map(|(now, shards)| ScheduleInput { now, shards });
            let read = ScheduleInput::parse(payload.clone(), THREE);
            assert_eq!(read.ok(), expected);
            let of_one = ScheduleInput::parse(payload, NonZeroU32::MIN).ok();
            assert!(of_one.is_none_or(|one| one.shards == [0]), "an index of one shard");
            expected.is_some()
        });
    }
}
