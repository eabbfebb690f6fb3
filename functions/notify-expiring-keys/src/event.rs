use api::Instant;
use domain::Time;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::failure::Failure;

/// What the schedule asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Event {
    /// The time for which the run decides what is due.
    pub(crate) now: Time,
    /// The parts of the `due` index that it takes on, in order and each once: never none.
    pub(crate) shards: Vec<u32>,
}

/// How far a run came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Keys and messages that the index named as due, and mails that an earlier run left unfinished.
    pub due: usize,
    /// Mails that SES accepted.
    pub sent: usize,
    /// Due keys and messages of which there was nothing to tell, or nobody to tell it to.
    pub skipped: usize,
    /// Parts of the index, keys, messages and people that could not be read, inboxes that could not be
    /// written, mails that could not be claimed, sent or marked, and users that could not be removed.
    pub failed: usize,
    /// What of all that was due the run did not get to, or not to the end of: the next one goes on there.
    pub left_over: usize,
}

impl Summary {
    pub(crate) fn log(&self) {
        tracing::info!(
            summary.due = self.due,
            summary.sent = self.sent,
            summary.skipped = self.skipped,
            summary.failed = self.failed,
            summary.left_over = self.left_over,
            "told of expiring keys"
        );
    }
}

/// The input of the schedule; EventBridge adds fields that say nothing to this function.
#[derive(Debug, Deserialize)]
struct Input {
    time: Instant,
    shards: Option<Vec<u32>>,
}

impl Event {
    /// Reads the schedule's input for an index of `parts` parts; what does not fit is named.
    pub(crate) fn read(payload: Value, parts: u32) -> Result<Self, Failure> {
        let input: Input = serde_path_to_error::deserialize(payload).map_err(|error| {
            let field = error.path().to_string();
            let field = if field == "." { "the event".to_owned() } else { field };
            Failure::event(field, error.into_inner())
        })?;
        // An index without parts has one all the same: see `table::item_key::due_shard`.
        let parts = parts.max(1);
        let mut shards = input.shards.unwrap_or_else(|| (0..parts).collect());
        shards.sort_unstable();
        shards.dedup();
        if shards.is_empty() || shards.iter().any(|shard| *shard >= parts) {
            return Err(Failure::event("shards", format!("must name some of 0 to {}", parts - 1)));
        }
        Ok(Self { now: input.time.0, shards })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_time_and_the_shards_are_taken_and_the_rest_is_passed_over() {
        let event = Event::read(json!({"time": "2026-01-01T12:00:00Z", "id": "x"}), 3).unwrap();
        assert_eq!(event, Event { now: Time::from_seconds(1_767_268_800), shards: vec![0, 1, 2] });
        let event = Event::read(json!({"time": "2026-01-01T12:00:00Z", "shards": [2, 0, 2]}), 3).unwrap();
        assert_eq!(event.shards, [0, 2]);
        assert_eq!(Event::read(json!({"time": "2026-01-01T12:00:00Z"}), 0).unwrap().shards, [0]);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let time = "2026-01-01T12:00:00Z";
        for (payload, field) in [
            (json!({"time": "yesterday"}), "time: "),
            (json!({"time": 5}), "time: "),
            (json!({}), "the event: missing field `time`"),
            (json!(null), "the event: "),
            (json!({"time": time, "shards": 1}), "shards: "),
            (json!({"time": time, "shards": ["1"]}), "shards[0]: "),
            (json!({"time": time, "shards": [3]}), "shards: must name some of 0 to 2"),
            (json!({"time": time, "shards": []}), "shards: "),
        ] {
            let refused = Event::read(payload.clone(), 3).unwrap_err().to_string();
            assert!(refused.starts_with(field), "{payload}: {refused}");
        }
    }
}
