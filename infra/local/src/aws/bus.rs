//! `EventBridge`: a bus that keeps what arrived.

use std::sync::Mutex;

use hyper::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::refusals;
use crate::{
    clock::{in_seconds, machine_time},
    data::DataDirectory,
    error::StackError,
    http::Response,
    random,
    tasks::lock,
    template::{ACCOUNT, REGION},
};

const FILE: &str = "events.jsonl";

/// The most entries of one `PutEvents`.
const MAX_ENTRIES: usize = 10;

/// The events that arrived at the bus.
#[derive(Debug)]
pub(crate) struct Bus {
    data: DataDirectory,
    events: Mutex<Vec<Value>>,
}

/// An entry of `PutEvents`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct EventEntry {
    pub(crate) source: String,
    pub(crate) detail_type: String,
    /// A JSON object as text.
    pub(crate) detail: String,
    /// Seconds since 1970.
    pub(crate) time: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutEvents {
    entries: Vec<EventEntry>,
}

impl Bus {
    /// Reads the events of earlier starts.
    pub(crate) fn open(data: DataDirectory) -> Result<Self, StackError> {
        let stored = data.read(FILE)?.unwrap_or_default();
        let lines = stored.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let events = lines.map(|line| serde_json::from_slice(line).map_err(|_| data.damaged(FILE)));
        Ok(Self { events: Mutex::new(events.collect::<Result<_, _>>()?), data })
    }

    /// Returns every event that arrived, as a rule's target gets it.
    pub(crate) fn events(&self) -> Vec<Value> {
        lock(&self.events).clone()
    }

    /// Forgets every event.
    pub(crate) fn clear(&self) -> Result<(), StackError> {
        lock(&self.events).clear();
        self.data.write(FILE, b"")
    }

    /// Takes an event. The error is the one of `PutEvents`.
    pub(crate) fn put(&self, entry: &EventEntry) -> Result<String, &'static str> {
        let Ok(Value::Object(detail)) = serde_json::from_str(&entry.detail) else {
            return Err("MalformedDetail");
        };
        let id = random::uuid();
        let seconds = entry.time.map_or(machine_time(), |time| {
            #[expect(clippy::cast_possible_truncation, reason = "seconds since 1970 of this century")]
            let seconds = time as i64;
            jiff::Timestamp::from_second(seconds).unwrap_or_else(|_| machine_time())
        });
        let event = json!({
            "version": "0", "id": id, "detail-type": entry.detail_type, "source": entry.source,
            "account": ACCOUNT, "time": in_seconds(seconds), "region": REGION, "resources": [], "detail": detail,
        });
        self.data.append(FILE, format!("{event}\n").as_bytes()).map_err(|_| "InternalFailure")?;
        lock(&self.events).push(event);
        Ok(id)
    }

    /// Handles an operation.
    pub(super) fn handle(&self, operation: &str, body: &[u8]) -> Response {
        let invalid =
            |message: &str| refusals::secrets(StatusCode::BAD_REQUEST, "ValidationException", message);
        if operation != "PutEvents" {
            return refusals::secrets(StatusCode::BAD_REQUEST, "UnknownOperationException", operation);
        }
        let Ok(PutEvents { entries }) = serde_json::from_slice(body) else {
            return invalid("Entries: each has Source, DetailType and Detail");
        };
        if entries.is_empty() || entries.len() > MAX_ENTRIES {
            return invalid("Entries: 1 to 10");
        }
        let put = entries.iter().map(|entry| self.put(entry));
        let put: Vec<_> = put.collect();
        let failed = put.iter().filter(|put| put.is_err()).count();
        let entry = |put: Result<String, &str>| match put {
            Ok(id) => json!({ "EventId": id }),
            Err(code) => json!({ "ErrorCode": code, "ErrorMessage": code }),
        };
        let entries: Vec<_> = put.into_iter().map(entry).collect();
        let answer = json!({ "FailedEntryCount": failed, "Entries": entries });
        refusals::amz_json(StatusCode::OK, "application/x-amz-json-1.1", &answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_arrives_as_a_target_gets_it_and_a_detail_that_is_no_object_does_not() {
        let bus = Bus::open(DataDirectory::none()).unwrap();
        let body = json!({"Entries": [
            {"Source": "keys", "DetailType": "a.b", "Detail": "{\"x\":1}", "Time": 0.0},
            {"Source": "keys", "DetailType": "a.b", "Detail": "[]"},
        ]});
        assert_eq!(bus.handle("PutEvents", body.to_string().as_bytes()).status(), StatusCode::OK);
        let mut events = bus.events();
        let event = events.pop().unwrap();
        assert!(events.is_empty() && event["id"].is_string());
        assert_eq!((&event["detail-type"], &event["detail"]), (&json!("a.b"), &json!({"x": 1})));
        assert_eq!(event["time"], "1970-01-01T00:00:00Z");
        bus.clear().unwrap();
        assert!(bus.events().is_empty());
        for body in ["{}", "{\"Entries\":[]}"] {
            assert_eq!(bus.handle("PutEvents", body.as_bytes()).status(), StatusCode::BAD_REQUEST);
        }
    }
}
