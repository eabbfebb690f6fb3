//! `CloudFormation`'s event to a custom resource.

use domain::hex;
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// The most bytes of each text of an event that the answer repeats. `CloudFormation` takes 4 KB of answer.
const MAX_TEXT_BYTES: usize = 512;

/// An event of `CloudFormation`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ResourceEvent {
    /// `Create`, `Update` or `Delete`.
    pub(crate) request_type: String,
    /// Where the answer goes. It is signed: whoever knows it can answer.
    #[serde(rename = "ResponseURL")]
    pub(crate) response_url: String,
    pub(crate) stack_id: String,
    /// The same in a repeat of the event.
    pub(crate) request_id: String,
    pub(crate) resource_type: String,
    pub(crate) logical_resource_id: String,
    /// The id of earlier answers; absent in a `Create`.
    #[serde(default)]
    pub(crate) physical_resource_id: Option<String>,
    /// What the template says.
    #[serde(default)]
    pub(crate) resource_properties: Map<String, Value>,
}

/// The payload is no event of `CloudFormation` to a custom resource.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotAnEvent {
    /// Something is missing or of another type. What it says may hold the signed URL, so it is not repeated.
    #[error("the event lacks what CloudFormation always sends")]
    Unreadable,
    /// A text is not as `CloudFormation` writes it.
    #[error("{0} is not plain, or has more than {MAX_TEXT_BYTES} characters")]
    BadText(&'static str),
}

impl ResourceEvent {
    pub(crate) fn parse(payload: Value) -> Result<Self, NotAnEvent> {
        // Serde would read an array as the members in their order.
        if !payload.is_object() {
            return Err(NotAnEvent::Unreadable);
        }
        let event: Self = serde_json::from_value(payload).map_err(|_| NotAnEvent::Unreadable)?;
        let physical_id = event.physical_resource_id.as_deref().unwrap_or_default();
        for (name, text) in [
            ("StackId", event.stack_id.as_str()),
            ("RequestId", &event.request_id),
            ("LogicalResourceId", &event.logical_resource_id),
            ("PhysicalResourceId", physical_id),
        ] {
            if text.len() > MAX_TEXT_BYTES || !text.bytes().all(|c| c.is_ascii_graphic()) {
                return Err(NotAnEvent::BadText(name));
            }
        }
        Ok(event)
    }

    /// Returns the physical id that this event gives: another one for each event, and the same for its repeats.
    pub(crate) fn new_physical_id(&self) -> String {
        let named = [&self.stack_id, &self.logical_resource_id, &self.request_id].map(String::as_str);
        let hash = Sha256::digest(named.join("\n"));
        format!("access-key-routes-{}", hex::encode(&hash[..16]))
    }

    /// Returns the physical id that the resource has before this event.
    pub(crate) fn physical_id(&self) -> Option<&str> {
        self.physical_resource_id.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sample() -> Value {
        serde_json::from_str(include_str!("../../../tests/events/declare-routes.json")).unwrap()
    }

    #[test]
    fn a_physical_id_is_new_for_each_event_and_the_same_for_its_repeat() {
        let id = |change: fn(&mut Value)| {
            let mut event = sample();
            change(&mut event);
            ResourceEvent::parse(event).unwrap().new_physical_id()
        };
        let first = id(|_| ());
        assert_eq!(first, id(|_| ()));
        assert_ne!(first, id(|event| event["RequestId"] = json!("other")));
        assert_ne!(first, id(|event| event["StackId"] = json!("other")));
        assert_ne!(first, id(|event| event["LogicalResourceId"] = json!("Other")));
    }

    #[test]
    fn an_event_that_cannot_be_answered_in_4_kb_is_none() {
        for name in ["StackId", "RequestId", "LogicalResourceId", "PhysicalResourceId"] {
            let mut event = sample();
            event[name] = json!("x".repeat(MAX_TEXT_BYTES));
            assert!(ResourceEvent::parse(event.clone()).is_ok());
            for bad in ["x".repeat(MAX_TEXT_BYTES + 1), "\u{0}".to_owned()] {
                event[name] = json!(bad);
                assert!(ResourceEvent::parse(event.clone()).unwrap_err().to_string().starts_with(name));
            }
        }
        for payload in [json!(null), json!([]), json!({}), json!({"RequestType": "Create"})] {
            assert!(ResourceEvent::parse(payload).is_err());
        }
        let members = [
            "RequestType",
            "ResponseURL",
            "StackId",
            "RequestId",
            "ResourceType",
            "LogicalResourceId",
            "PhysicalResourceId",
            "ResourceProperties",
        ];
        let list: Vec<_> = members.iter().map(|name| sample()[name].clone()).collect();
        assert!(ResourceEvent::parse(json!(list)).is_err(), "a list is taken for an event");
    }
}
