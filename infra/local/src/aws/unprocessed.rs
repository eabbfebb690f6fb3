//! Batches of which `DynamoDB` leaves a part unprocessed.

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::StatusCode;
use serde_json::{Map, Value, json};

use super::refusals::amz_json;
use crate::http::Response;

/// The part of a batch that `DynamoDB` does not receive.
#[derive(Debug)]
pub(super) struct UnprocessedPart {
    kind: Kind,
    unprocessed: Value,
    /// The request without this part.
    pub(super) rest: Bytes,
    /// Whether this part is the whole batch.
    pub(super) is_everything: bool,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Get,
    Write,
}

impl UnprocessedPart {
    /// Takes the last `count` keys or items out of a batch; `None` if the request is no batch.
    pub(super) fn split_off(operation: &str, body: &Bytes, count: usize) -> Option<Self> {
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
        Some(Self { kind, unprocessed: Value::Object(unprocessed), rest, is_everything })
    }

    /// Responds that everything is unprocessed.
    pub(super) fn to_response(&self) -> Response {
        let body = match self.kind {
            Kind::Get => json!({ "Responses": {}, "UnprocessedKeys": self.unprocessed }),
            Kind::Write => json!({ "UnprocessedItems": self.unprocessed }),
        };
        amz_json(StatusCode::OK, "application/x-amz-json-1.0", &body)
    }

    /// Adds the part to the response of `DynamoDB` to the rest.
    pub(super) async fn add_to(&self, response: Response) -> Response {
        let (head, body) = response.into_parts();
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

    fn split(operation: &str, request: &Value, count: usize) -> (Value, Value, bool) {
        let part = UnprocessedPart::split_off(operation, &request.to_string().into(), count).unwrap();
        (serde_json::from_slice(&part.rest).unwrap(), part.unprocessed, part.is_everything)
    }

    #[test]
    fn the_last_keys_are_left() {
        let request = json!({"RequestItems": {"t": {"Keys": [1, 2, 3], "ConsistentRead": true}}});
        let (rest, unprocessed, everything) = split("BatchGetItem", &request, 1);
        assert_eq!(rest["RequestItems"]["t"]["Keys"], json!([1, 2]));
        assert_eq!(unprocessed, json!({"t": {"Keys": [3], "ConsistentRead": true}}));
        assert!(!everything);
    }

    #[test]
    fn more_than_there_are_leaves_all() {
        let request = json!({"RequestItems": {"t": [1, 2]}});
        let (rest, unprocessed, everything) = split("BatchWriteItem", &request, 9);
        assert_eq!(rest["RequestItems"], json!({}));
        assert_eq!(unprocessed, json!({"t": [1, 2]}));
        assert!(everything);
        assert!(UnprocessedPart::split_off("GetItem", &Bytes::new(), 1).is_none());
    }
}
