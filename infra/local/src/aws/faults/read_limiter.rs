//! Counts read units: of reads by key as `DynamoDB` does, of queries by the items that they return. Limits the reads of one
//! partition by key.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Instant,
};

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::tasks::lock;

/// The bytes of an item that one unit reads, strongly consistent.
const UNIT_BYTES: usize = 4_096;

/// The attribute that names a partition.
const PARTITION_KEY: &str = "PK";

/// The units read while a limit was in force. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReadLimiter(Arc<Mutex<ReadState>>);

#[derive(Debug, Default)]
struct ReadState {
    units: f64,
    partitions: HashMap<String, TokenBucket>,
}

/// The units that are left to a partition. The bucket fills up again within a second.
#[derive(Debug)]
struct TokenBucket {
    left: f64,
    at: Instant,
}

impl ReadLimiter {
    /// Returns the number of units read.
    pub(super) fn units(&self) -> f64 {
        lock(&self.0).units
    }

    /// Starts to count again from zero.
    pub(super) fn clear(&self) {
        *lock(&self.0) = ReadState::default();
    }

    /// Tells whether every partition whose keys a read names has units left. Queries name no keys.
    pub(crate) fn admit(&self, operation: &str, request: &Bytes, limit: u32, now: Instant) -> bool {
        let mut state = lock(&self.0);
        keys_by_partition(operation, &parse(request)).into_keys().all(|partition| {
            let full = TokenBucket { left: f64::from(limit), at: now };
            let bucket = state.partitions.entry(partition).or_insert(full);
            let refilled = now.saturating_duration_since(bucket.at).as_secs_f64() * f64::from(limit);
            bucket.left = (bucket.left + refilled).min(f64::from(limit));
            bucket.at = now;
            bucket.left > 0.0
        })
    }

    /// Takes the cost of a read from its partitions.
    pub(crate) fn charge(&self, operation: &str, request: &Bytes, response: &Bytes) {
        let (request, response) = (parse(request), parse(response));
        let mut state = lock(&self.0);
        for (partition, units) in cost(operation, &request, &response) {
            state.units += units;
            if let Some(bucket) = state.partitions.get_mut(&partition) {
                bucket.left -= units;
            }
        }
    }
}

fn parse(body: &Bytes) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}

/// Counts the keys that a read names, by partition.
fn keys_by_partition(operation: &str, request: &Value) -> HashMap<String, usize> {
    let mut keys = HashMap::new();
    for key in match operation {
        "GetItem" => vec![&request["Key"]],
        "BatchGetItem" => {
            members(&request["RequestItems"]).flat_map(|wanted| list(&wanted["Keys"])).collect()
        }
        _ => Vec::new(),
    } {
        *keys.entry(partition(key)).or_default() += 1;
    }
    keys
}

/// Computes the cost of a read by partition. A missing item costs as much as a small one.
fn cost(operation: &str, request: &Value, response: &Value) -> HashMap<String, f64> {
    let (found, strong): (Vec<&Value>, _) = match operation {
        "GetItem" => (response.get("Item").into_iter().collect(), request["ConsistentRead"] == true),
        "BatchGetItem" => (
            members(&response["Responses"]).flat_map(list).collect(),
            members(&request["RequestItems"]).all(|wanted| wanted["ConsistentRead"] == true),
        ),
        "Query" => {
            let items = list(&response["Items"]);
            let bytes = items.clone().map(item_bytes).sum();
            let first = items.clone().next().map(partition).unwrap_or_default();
            return HashMap::from([(first, units(bytes) * units_for(request["ConsistentRead"] == true))]);
        }
        _ => return HashMap::new(),
    };
    let mut cost: HashMap<String, f64> = HashMap::new();
    let mut missing = keys_by_partition(operation, request);
    for item in found {
        *cost.entry(partition(item)).or_default() += units(item_bytes(item)) * units_for(strong);
        missing.entry(partition(item)).and_modify(|count| *count = count.saturating_sub(1));
    }
    for (partition, count) in missing {
        for _ in 0..count {
            *cost.entry(partition.clone()).or_default() += units_for(strong);
        }
    }
    cost
}

fn units_for(strong: bool) -> f64 {
    if strong { 1.0 } else { 0.5 }
}

fn units(bytes: usize) -> f64 {
    f64::from(u32::try_from(bytes.div_ceil(UNIT_BYTES).max(1)).unwrap_or(u32::MAX))
}

fn partition(item: &Value) -> String {
    item[PARTITION_KEY]["S"].as_str().unwrap_or_default().to_owned()
}

fn members(object: &Value) -> impl Iterator<Item = &Value> {
    object.as_object().into_iter().flat_map(Map::values)
}

fn list(array: &Value) -> impl Iterator<Item = &Value> + Clone {
    array.as_array().into_iter().flatten()
}

fn item_bytes(item: &Value) -> usize {
    item.as_object().into_iter().flatten().map(|(name, value)| name.len() + value_bytes(value)).sum()
}

fn value_bytes(value: &Value) -> usize {
    let Some((kind, value)) = value.as_object().and_then(|typed| typed.iter().next()) else { return 0 };
    let text = |value: &Value| value.as_str().map_or(0, str::len);
    let number = |value: &Value| text(value).div_ceil(2) + 1;
    match kind.as_str() {
        "S" => text(value),
        "N" => number(value),
        "B" => text(value) / 4 * 3,
        "SS" => list(value).map(text).sum(),
        "NS" => list(value).map(number).sum(),
        "BS" => list(value).map(|value| text(value) / 4 * 3).sum(),
        "L" => 3 + list(value).map(|value| 1 + value_bytes(value)).sum::<usize>(),
        "M" => 3 + item_bytes(value) + members(value).count(),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    fn batch(users: &[&str]) -> Bytes {
        let keys: Vec<_> = users.iter().map(|user| json!({"PK": {"S": user}, "SK": {"S": "x"}})).collect();
        json!({"RequestItems": {"t": {"Keys": keys, "ConsistentRead": true}}}).to_string().into()
    }

    fn response(items: &[(&str, usize)]) -> Bytes {
        let item = |(user, bytes): &(&str, usize)| json!({"PK": {"S": user}, "a": {"S": "x".repeat(*bytes)}});
        json!({"Responses": {"t": items.iter().map(item).collect::<Vec<_>>()}}).to_string().into()
    }

    #[test]
    fn units_are_counted_by_the_size_of_each_item() {
        let limiter = ReadLimiter::default();
        limiter.charge("BatchGetItem", &batch(&["a", "a"]), &response(&[("a", 100), ("a", 5_000)]));
        assert!((limiter.units() - 3.0).abs() < f64::EPSILON);
        limiter.charge("BatchGetItem", &batch(&["a", "b"]), &response(&[]));
        assert!((limiter.units() - 5.0).abs() < f64::EPSILON);
        let eventually = Bytes::from(json!({"Key": {"PK": {"S": "a"}}}).to_string());
        limiter.charge("GetItem", &eventually, &Bytes::from_static(b"{}"));
        assert!((limiter.units() - 5.5).abs() < f64::EPSILON);
        let query = Bytes::from(json!({"ConsistentRead": true}).to_string());
        let items = json!({"Items": [{"PK": {"S": "a"}}, {"PK": {"S": "a"}}]}).to_string();
        limiter.charge("Query", &query, &items.into());
        assert!((limiter.units() - 6.5).abs() < f64::EPSILON);
        limiter.clear();
        assert!(limiter.units().abs() < f64::EPSILON);
    }

    #[test]
    fn a_partition_is_limited_by_itself_and_fills_up_again() {
        let (limiter, now) = (ReadLimiter::default(), Instant::now());
        let read = |user, now| {
            let admitted = limiter.admit("BatchGetItem", &batch(&[user, user]), 4, now);
            if admitted {
                limiter.charge("BatchGetItem", &batch(&[user, user]), &response(&[(user, 1), (user, 1)]));
            }
            admitted
        };
        assert_eq!(
            [read("a", now), read("a", now), read("a", now), read("b", now)],
            [true, true, false, true]
        );
        let later = now + Duration::from_millis(500);
        assert_eq!([read("a", later), read("a", later)], [true, false]);
    }
}
