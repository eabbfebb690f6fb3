//! The event of an HTTP API's request to the authorizer.

use serde_json::{Value, json};

/// Writes the event by which an HTTP API asks the authorizer about a token, at a second of the gateway's clock.
///
/// # Panics
/// Never: the committed sample is JSON.
#[must_use]
pub fn authorizer_event(token: &str, seconds: i64) -> Value {
    let sample = include_str!("../events/authorize-request.json");
    let mut event: Value = serde_json::from_str(sample).expect("the sample is JSON");
    event["headers"] = json!({"x-access-key": token});
    event["identitySource"] = json!(null);
    event["pathParameters"] = json!({});
    event["requestContext"]["timeEpoch"] = json!(seconds * 1_000);
    event
}
