//! Read units, counted as `DynamoDB` counts them, and the limit of one partition.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Instant,
};

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::tasks::lock;

/// Bytes that one unit reads of an item, strongly.
const UNIT: usize = 4_096;

/// The attribute that names a partition.
const PARTITION: &str = "PK";

/// The units that were read while a limit was in force; clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reads(Arc<Mutex<Spent>>);

#[derive(Debug, Default)]
struct Spent {
    units: f64,
    partitions: HashMap<String, Bucket>,
}

/// What is left of a partition's second: it fills up again at the limit.
#[derive(Debug)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl Reads {
    /// Returns the units that were read.
    pub(super) fn units(&self) -> f64 {
        lock(&self.0).units
    }

    /// Forgets what was read.
    pub(super) fn clear(&self) {
        *lock(&self.0) = Spent::default();
    }

    /// Tells whether every partition that a read names items of has units left. Queries name none.
    pub(crate) fn admit(&self, operation: &str, request: &Bytes, limit: u32, now: Instant) -> bool {
        let mut spent = lock(&self.0);
        named(operation, &parse(request)).into_keys().all(|partition| {
            let full = Bucket { left: f64::from(limit), at: now };
            let bucket = spent.partitions.entry(partition).or_insert(full);
            let refilled = now.saturating_duration_since(bucket.at).as_secs_f64() * f64::from(limit);
            bucket.left = (bucket.left + refilled).min(f64::from(limit));
            bucket.at = now;
            bucket.left > 0.0
        })
    }

    /// Takes what a read cost from its partitions.
    pub(crate) fn charge(&self, operation: &str, request: &Bytes, answer: &Bytes) {
        let (request, answer) = (parse(request), parse(answer));
        let mut spent = lock(&self.0);
        for (partition, units) in cost(operation, &request, &answer) {
            spent.units += units;
            if let Some(bucket) = spent.partitions.get_mut(&partition) {
                bucket.left -= units;
            }
        }
    }
}

fn parse(body: &Bytes) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}

/// Counts the items that a read names, by partition.
fn named(operation: &str, request: &Value) -> HashMap<String, usize> {
    let mut named = HashMap::new();
    for key in match operation {
        "GetItem" => vec![&request["Key"]],
        "BatchGetItem" => {
            members(&request["RequestItems"]).flat_map(|wanted| list(&wanted["Keys"])).collect()
        }
        _ => Vec::new(),
    } {
        *named.entry(partition(key)).or_default() += 1;
    }
    named
}

/// Computes what a read costs, by partition: an item that is not there costs as much as a small one.
fn cost(operation: &str, request: &Value, answer: &Value) -> HashMap<String, f64> {
    let (found, strong): (Vec<&Value>, _) = match operation {
        "GetItem" => (answer.get("Item").into_iter().collect(), request["ConsistentRead"] == true),
        "BatchGetItem" => (
            members(&answer["Responses"]).flat_map(list).collect(),
            members(&request["RequestItems"]).all(|wanted| wanted["ConsistentRead"] == true),
        ),
        "Query" => {
            let items = list(&answer["Items"]);
            let bytes = items.clone().map(item_bytes).sum();
            let first = items.clone().next().map(partition).unwrap_or_default();
            return HashMap::from([(first, units(bytes) * share(request["ConsistentRead"] == true))]);
        }
        _ => return HashMap::new(),
    };
    let mut cost: HashMap<String, f64> = HashMap::new();
    let mut missing = named(operation, request);
    for item in found {
        *cost.entry(partition(item)).or_default() += units(item_bytes(item)) * share(strong);
        missing.entry(partition(item)).and_modify(|count| *count = count.saturating_sub(1));
    }
    for (partition, count) in missing {
        for _ in 0..count {
            *cost.entry(partition.clone()).or_default() += share(strong);
        }
    }
    cost
}

fn share(strong: bool) -> f64 {
    if strong { 1.0 } else { 0.5 }
}

fn units(bytes: usize) -> f64 {
    f64::from(u32::try_from(bytes.div_ceil(UNIT).max(1)).unwrap_or(u32::MAX))
}

fn partition(item: &Value) -> String {
    item[PARTITION]["S"].as_str().unwrap_or_default().to_owned()
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

    fn answer(items: &[(&str, usize)]) -> Bytes {
        let item = |(user, bytes): &(&str, usize)| json!({"PK": {"S": user}, "a": {"S": "x".repeat(*bytes)}});
        json!({"Responses": {"t": items.iter().map(item).collect::<Vec<_>>()}}).to_string().into()
    }

    #[test]
    fn units_are_counted_by_the_size_of_each_item() {
        let reads = Reads::default();
        reads.charge("BatchGetItem", &batch(&["a", "a"]), &answer(&[("a", 100), ("a", 5_000)]));
        assert!((reads.units() - 3.0).abs() < f64::EPSILON);
        reads.charge("BatchGetItem", &batch(&["a", "b"]), &answer(&[]));
        assert!((reads.units() - 5.0).abs() < f64::EPSILON);
        let eventually = Bytes::from(json!({"Key": {"PK": {"S": "a"}}}).to_string());
        reads.charge("GetItem", &eventually, &Bytes::from_static(b"{}"));
        assert!((reads.units() - 5.5).abs() < f64::EPSILON);
        let query = Bytes::from(json!({"ConsistentRead": true}).to_string());
        let items = json!({"Items": [{"PK": {"S": "a"}}, {"PK": {"S": "a"}}]}).to_string();
        reads.charge("Query", &query, &items.into());
        assert!((reads.units() - 6.5).abs() < f64::EPSILON);
        reads.clear();
        assert!(reads.units().abs() < f64::EPSILON);
    }

    #[test]
    fn a_partition_is_limited_by_itself_and_fills_up_again() {
        let (reads, now) = (Reads::default(), Instant::now());
        let read = |user, now| {
            let admitted = reads.admit("BatchGetItem", &batch(&[user, user]), 4, now);
            if admitted {
                reads.charge("BatchGetItem", &batch(&[user, user]), &answer(&[(user, 1), (user, 1)]));
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
