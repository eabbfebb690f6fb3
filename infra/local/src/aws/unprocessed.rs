//! Batches of which `DynamoDB` leaves a part unprocessed.

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::StatusCode;
use serde_json::{Map, Value, json};

use super::refusals::amz_json;
use crate::http::Answer;

/// The part of a batch that is kept from `DynamoDB`.
#[derive(Debug)]
pub(super) struct HeldBack {
    kind: Kind,
    unprocessed: Value,
    /// The request without it.
    pub(super) rest: Bytes,
    /// Whether nothing is left to ask.
    pub(super) is_everything: bool,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Get,
    Write,
}

/// Takes the last `count` keys or items out of a batch; `None` where the request is no batch.
pub(super) fn hold_back(operation: &str, body: &Bytes, count: usize) -> Option<HeldBack> {
    let kind = match operation {
        "BatchGetItem" => Kind::Get,
        "BatchWriteItem" => Kind::Write,
        _ => return None,
    };
    let mut request: Value = serde_json::from_slice(body).ok()?;
    let tables = request["RequestItems"].as_object_mut()?;
    let mut unprocessed = Map::new();
    let mut left = count;
    for (table, wanted) in tables.iter_mut().rev() {
        let list = match kind {
            Kind::Get => wanted["Keys"].as_array_mut()?,
            Kind::Write => wanted.as_array_mut()?,
        };
        let taken = list.split_off(list.len() - left.min(list.len()));
        left -= taken.len();
        if !taken.is_empty() {
            let part = match kind {
                Kind::Get => {
                    let mut part = wanted.clone();
                    part["Keys"] = Value::Array(taken);
                    part
                }
                Kind::Write => Value::Array(taken),
            };
            unprocessed.insert(table.clone(), part);
        }
    }
    tables.retain(|_, wanted| match kind {
        Kind::Get => wanted["Keys"].as_array().is_some_and(|keys| !keys.is_empty()),
        Kind::Write => wanted.as_array().is_some_and(|items| !items.is_empty()),
    });
    let is_everything = tables.is_empty();
    let rest = request.to_string().into();
    Some(HeldBack { kind, unprocessed: Value::Object(unprocessed), rest, is_everything })
}

impl HeldBack {
    /// Answers that everything is unprocessed.
    pub(super) fn answer_alone(&self) -> Answer {
        let body = match self.kind {
            Kind::Get => json!({ "Responses": {}, "UnprocessedKeys": self.unprocessed }),
            Kind::Write => json!({ "UnprocessedItems": self.unprocessed }),
        };
        amz_json(StatusCode::OK, "application/x-amz-json-1.0", &body)
    }

    /// Adds the part to what `DynamoDB` answered for the rest.
    pub(super) async fn add_to(&self, answer: Answer) -> Answer {
        let (head, body) = answer.into_parts();
        let bytes = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        let mut body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        if head.status != StatusCode::OK || !body.is_object() {
            return amz_json(head.status, "application/x-amz-json-1.0", &body);
        }
        let field = match self.kind {
            Kind::Get => "UnprocessedKeys",
            Kind::Write => "UnprocessedItems",
        };
        body[field] = self.unprocessed.clone();
        amz_json(head.status, "application/x-amz-json-1.0", &body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held_back(operation: &str, request: &Value, count: usize) -> (Value, Value, bool) {
        let held = hold_back(operation, &request.to_string().into(), count).unwrap();
        (serde_json::from_slice(&held.rest).unwrap(), held.unprocessed, held.is_everything)
    }

    #[test]
    fn the_last_keys_are_left() {
        let request = json!({"RequestItems": {"t": {"Keys": [1, 2, 3], "ConsistentRead": true}}});
        let (rest, unprocessed, everything) = held_back("BatchGetItem", &request, 1);
        assert_eq!(rest["RequestItems"]["t"]["Keys"], json!([1, 2]));
        assert_eq!(unprocessed, json!({"t": {"Keys": [3], "ConsistentRead": true}}));
        assert!(!everything);
    }

    #[test]
    fn more_than_there_are_leaves_all() {
        let request = json!({"RequestItems": {"t": [1, 2]}});
        let (rest, unprocessed, everything) = held_back("BatchWriteItem", &request, 9);
        assert_eq!(rest["RequestItems"], json!({}));
        assert_eq!(unprocessed, json!({"t": [1, 2]}));
        assert!(everything);
        assert!(hold_back("GetItem", &Bytes::new(), 1).is_none());
    }
}
