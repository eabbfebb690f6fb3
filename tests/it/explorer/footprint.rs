//! The items that a call reads and writes. Calls commute unless they touch one item and one of them writes it.

use std::collections::BTreeSet;

use kit::HeldCall;
use serde_json::Value;

/// Stands for every sort key of a partition, or for every partition.
const ANY: &str = "*";

/// An item by partition and sort key, each of which may be [`ANY`].
type Key = (String, String);

/// The items that a call reads and writes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Footprint {
    reads: BTreeSet<Key>,
    writes: BTreeSet<Key>,
}

impl Footprint {
    /// Reads the keys in a call.
    pub(super) fn of(call: &HeldCall) -> Self {
        let request: Value = serde_json::from_slice(&call.request).unwrap();
        let mut touched = Self::default();
        match call.operation.as_str() {
            "GetItem" => touched.read(&request["Key"]),
            "BatchGetItem" => tables(&request).for_each(|table| {
                list(&table["Keys"]).for_each(|key| touched.read(key));
            }),
            "TransactGetItems" => {
                list(&request["TransactItems"]).for_each(|step| touched.read(&step["Get"]["Key"]));
            }
            "Query" => touched.query(&request),
            "PutItem" => touched.write(&request["Item"]),
            "UpdateItem" | "DeleteItem" => touched.write(&request["Key"]),
            "TransactWriteItems" => list(&request["TransactItems"]).for_each(|step| touched.step(step)),
            "BatchWriteItem" => tables(&request).flat_map(list).for_each(|write| {
                touched.write(&write["PutRequest"]["Item"]);
                touched.write(&write["DeleteRequest"]["Key"]);
            }),
            other => panic!("{other} names no items"),
        }
        touched
    }

    /// Touches everything: a step writes for all calls to see.
    pub(super) fn of_a_step() -> Self {
        Self { reads: BTreeSet::new(), writes: BTreeSet::from([(ANY.to_owned(), ANY.to_owned())]) }
    }

    /// Touches what either touches.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.reads.extend(other.reads);
        self.writes.extend(other.writes);
        self
    }

    /// Tells whether the order of the two makes no difference.
    pub(super) fn commutes(&self, other: &Self) -> bool {
        let meet = |some: &BTreeSet<Key>, others: &BTreeSet<Key>| {
            some.iter().any(|one| others.iter().any(|other| is_same(one, other)))
        };
        !meet(&self.writes, &other.writes)
            && !meet(&self.writes, &other.reads)
            && !meet(&self.reads, &other.writes)
    }

    /// Tells whether it only reads items of the whole organization.
    pub(super) fn only_reads_organization(&self) -> bool {
        let of_organization = |(partition, sort): &Key| {
            let whole = ["ORG", "ORG#DECISIONS", "CATALOG", "ROUTES", ANY].contains(&sort.as_str());
            whole && (partition.starts_with("ORG#") || partition.starts_with("ROUTES#"))
        };
        self.writes.is_empty() && self.reads.iter().all(of_organization)
    }

    /// Tells whether it writes.
    pub(super) fn is_write(&self) -> bool {
        !self.writes.is_empty()
    }

    /// Tells whether it is that of a step.
    pub(super) fn is_of_a_step(&self) -> bool {
        *self == Self::of_a_step()
    }

    /// Writes one item.
    pub(super) fn writing(item: &str) -> Self {
        Self { writes: BTreeSet::from([(item.to_owned(), item.to_owned())]), ..Self::default() }
    }

    fn step(&mut self, step: &Value) {
        for (action, body) in step.as_object().unwrap() {
            match action.as_str() {
                "ConditionCheck" => self.read(&body["Key"]),
                "Put" => self.write(&body["Item"]),
                _ => self.write(&body["Key"]),
            }
        }
    }

    /// A query of an index reads from every partition.
    fn query(&mut self, request: &Value) {
        let partition = request["ExpressionAttributeValues"][":partition"]["S"].as_str();
        let partition = partition.filter(|_| request["IndexName"].is_null()).unwrap_or(ANY);
        self.reads.insert((partition.to_owned(), ANY.to_owned()));
    }

    fn read(&mut self, key: &Value) {
        self.reads.extend(key_of(key));
    }

    fn write(&mut self, item: &Value) {
        self.writes.extend(key_of(item));
    }
}

fn key_of(item: &Value) -> Option<Key> {
    Some((item["PK"]["S"].as_str()?.to_owned(), item["SK"]["S"].as_str()?.to_owned()))
}

fn is_same((partition, sort): &Key, (other_partition, other_sort): &Key) -> bool {
    let same = |one: &str, other: &str| one == other || one == ANY || other == ANY;
    same(partition, other_partition) && same(sort, other_sort)
}

fn tables(request: &Value) -> impl Iterator<Item = &Value> {
    request["RequestItems"].as_object().into_iter().flat_map(serde_json::Map::values)
}

fn list(array: &Value) -> impl Iterator<Item = &Value> {
    array.as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(operation: &str, request: &Value) -> Footprint {
        let request = request.to_string().into();
        Footprint::of(&HeldCall {
            id: 1,
            function: String::new(),
            instance: 1,
            operation: operation.to_owned(),
            request,
        })
    }

    fn key(sort: &str) -> Value {
        json!({"PK": {"S": "USER#a"}, "SK": {"S": sort}})
    }

    #[test]
    fn two_calls_commute_unless_they_touch_one_item_and_one_writes_it() {
        let read = of("BatchGetItem", &json!({"RequestItems": {"t": {"Keys": [key("USER"), key("KEY#1")]}}}));
        let steps = json!([{"ConditionCheck": {"Key": key("KEY#1")}}, {"Update": {"Key": key("USER")}}]);
        let transaction = of("TransactWriteItems", &json!({"TransactItems": steps}));
        let other = of("PutItem", &json!({"Item": key("KEY#2")}));
        let query = |index: Value, partition: &str| {
            let values = json!({":partition": {"S": partition}});
            of("Query", &json!({"IndexName": index, "ExpressionAttributeValues": values}))
        };
        assert!(read.commutes(&read) && !transaction.commutes(&transaction));
        assert!(!read.commutes(&transaction) && !transaction.commutes(&read));
        assert!(other.commutes(&transaction) && other.commutes(&read));
        assert!(!query(json!(null), "USER#a").commutes(&other) && !query(json!("due"), "1").commutes(&other));
        assert!(query(json!(null), "USER#b").commutes(&other) && !Footprint::of_a_step().commutes(&read));
    }
}
