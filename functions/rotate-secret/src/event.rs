//! The event of Secrets Manager: which step of which rotation.

use serde_json::Value;

use crate::stop::Stop;

/// The longest ARN of a secret.
const MAX_SECRET_ID: usize = 2_048;

/// One step of a rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Create,
    Set,
    Test,
    Finish,
}

/// A step for a version of a secret.
#[derive(Debug)]
pub(crate) struct RotationEvent {
    pub(crate) step: Step,
    pub(crate) secret_id: String,
    /// The id of the version to make current.
    pub(crate) version: String,
}

impl RotationEvent {
    pub(crate) fn parse(event: &Value) -> Result<Self, Stop> {
        let text = |name: &'static str, max: usize| {
            let value = event[name].as_str().filter(|text| (1..=max).contains(&text.len()));
            value.ok_or(Stop::BadEvent(name))
        };
        let step = match text("Step", 64)? {
            "createSecret" => Step::Create,
            "setSecret" => Step::Set,
            "testSecret" => Step::Test,
            "finishSecret" => Step::Finish,
            _ => return Err(Stop::BadEvent("Step")),
        };
        let secret_id = text("SecretId", MAX_SECRET_ID)?.to_owned();
        let version = text("ClientRequestToken", 64)?.to_owned();
        Ok(Self { step, secret_id, version })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_names_a_step_a_secret_and_a_version() {
        let event = json!({"Step": "finishSecret", "SecretId": "arn", "ClientRequestToken": "1"});
        assert_eq!(RotationEvent::parse(&event).unwrap().step, Step::Finish);
        for (name, max) in [("SecretId", MAX_SECRET_ID), ("ClientRequestToken", 64)] {
            for length in [1, max] {
                let mut event = event.clone();
                event[name] = json!("a".repeat(length));
                assert!(RotationEvent::parse(&event).is_ok(), "{name} {length}");
            }
        }
        for (name, value) in [
            ("Step", json!("deleteSecret")),
            ("Step", json!(1)),
            ("SecretId", json!("")),
            ("SecretId", json!("a".repeat(MAX_SECRET_ID + 1))),
            ("ClientRequestToken", json!(null)),
            ("ClientRequestToken", json!("")),
            ("ClientRequestToken", json!("a".repeat(65))),
        ] {
            let mut event = event.clone();
            event[name] = value;
            assert!(
                matches!(RotationEvent::parse(&event), Err(Stop::BadEvent(bad)) if bad == name),
                "{event}"
            );
        }
        assert!(RotationEvent::parse(&json!([])).is_err());
    }

    #[test]
    fn fuzzed_events_name_one_of_four_steps_a_secret_and_a_version_and_nothing_else_matters() {
        let sample = include_str!("../../../tests/events/rotate-secret.json");
        fuzz::documents("rotation_event").with(sample).play(|text| {
            let event = serde_json::from_str(text).unwrap_or_default();
            let read = RotationEvent::parse(&event).ok();
            let is_text = |name: &str, max| {
                event
                    .get(name)
                    .and_then(Value::as_str)
                    .is_some_and(|text| !text.is_empty() && text.len() <= max)
            };
            let steps = ["createSecret", "setSecret", "testSecret", "finishSecret"];
            let step = steps.iter().position(|step| event.get("Step").is_some_and(|named| named == step));
            let expected = step.filter(|_| is_text("SecretId", 2_048) && is_text("ClientRequestToken", 64));
            assert_eq!(read.as_ref().map(|read| read.step as usize), expected);
            let Some(RotationEvent { secret_id, version, .. }) = read else { return false };
            assert_eq!(json!([secret_id, version]), json!([event["SecretId"], event["ClientRequestToken"]]));
            true
        });
    }
}
