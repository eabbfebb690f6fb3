//! Tests of the names of mutants, and of the requests that they change.

use serde_json::{Map, json};

use super::*;

fn request() -> Value {
    let update = json!({
        "TableName": "t", "Key": {"PK": {"S": "USER#a"}, "SK": {"S": "KEY#b"}},
        "UpdateExpression": "SET #a = :a",
        "ConditionExpression": "version = :seen AND (#status = :active OR x < :now) AND y BETWEEN :a AND :z",
        "ExpressionAttributeNames": {"#status": "status", "#a": "a"},
        "ExpressionAttributeValues": {":seen": {"N": "1"}, ":active": {"S": "active"}, ":now": {"N": "2"},
            ":a": {"N": "3"}, ":z": {"N": "4"}},
    });
    let put = json!({"TableName": "t", "Item": {"PK": {"S": "ORG#a"}, "SK": {"S": "01M8H2NAK2"}},
        "ConditionExpression": "attribute_not_exists(PK)"});
    json!({"TransactItems": [{"Update": update}, {"Put": put}]})
}

#[test]
fn each_clause_of_a_refused_condition_is_listed_as_refused() {
    let mutants = Mutants::new(Writes::Collected);
    let caller = Caller { function: "f".to_owned(), instance: 1 };
    let reasons = json!([{"Code": "ConditionalCheckFailed"}, {"Code": "None"}]);
    let refusal = json!({"__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException", "CancellationReasons": reasons});
    let [body, refusal] = [request(), refusal].map(|json| json.to_string());
    mutants.note_refused("TransactWriteItems", &caller, body.as_bytes(), refusal.as_bytes());
    let clauses = [
        "(status = :active OR x < :now)",
        "(status = :active OR x < :now), <= for <",
        "(status = :active OR x < :now), without status = :active",
        "(status = :active OR x < :now), without x < :now",
        "version = :seen",
        "y BETWEEN :a AND :z",
    ];
    let expected = clauses.map(|clause| format!("f Update USER/KEY of a: {clause}\trefused"));
    assert_eq!(mutants.seen(), expected);

    let put = request()["TransactItems"][1]["Put"].to_string();
    let refusal =
        json!({"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"}).to_string();
    let mutants = Mutants::new(Writes::Collected);
    mutants.note_refused("PutItem", &caller, put.as_bytes(), refusal.as_bytes());
    assert_eq!(mutants.seen(), ["f Put ORG/id: attribute_not_exists(PK)\trefused"]);
}

fn passed(writes: Writes) -> (Vec<String>, Value) {
    let mutants = Mutants::new(writes);
    let caller = Caller { function: "f".to_owned(), instance: 1 };
    let body = request().to_string().into();
    let body = mutants.pass(Service::DynamoDb, "TransactWriteItems", Some(&caller), body);
    (mutants.seen(), serde_json::from_slice(&body).unwrap())
}

#[test]
fn each_clause_and_each_record_has_a_name() {
    let expected = [
        "f Put ORG/id",
        "f Put ORG/id: attribute_not_exists(PK)",
        "f Update USER/KEY of a: (status = :active OR x < :now)",
        "f Update USER/KEY of a: (status = :active OR x < :now), <= for <",
        "f Update USER/KEY of a: (status = :active OR x < :now), without status = :active",
        "f Update USER/KEY of a: (status = :active OR x < :now), without x < :now",
        "f Update USER/KEY of a: version = :seen",
        "f Update USER/KEY of a: y BETWEEN :a AND :z",
    ];
    assert_eq!(passed(Writes::Collected), (expected.map(str::to_owned).to_vec(), request()));
    assert_eq!(passed(Writes::AsSent), (Vec::new(), request()));
}

#[test]
fn a_clause_is_left_out_with_the_values_that_it_alone_names() {
    let name = "f Update USER/KEY of a: (status = :active OR x < :now)";
    let (_, body) = passed(Writes::Mutated(vec![name.to_owned()]));
    let update = &body["TransactItems"][0]["Update"];
    let expected = format!("version = :seen AND {} AND y BETWEEN :a AND :z", clauses::ALWAYS);
    assert_eq!(update["ConditionExpression"], expected);
    assert_eq!(update["ExpressionAttributeNames"], json!({"#a": "a"}));
    let values = update["ExpressionAttributeValues"].as_object().map(Map::len);
    assert_eq!(values, Some(3));
}

#[test]
fn an_item_is_left_out_and_the_others_keep_their_places() {
    let (_, body) = passed(Writes::Mutated(vec!["f Put ORG/id".to_owned()]));
    let key = json!({"PK": {"S": "ORG#a"}, "SK": {"S": "01M8H2NAK2"}});
    let check =
        json!({"ConditionCheck": {"TableName": "t", "Key": key, "ConditionExpression": clauses::ALWAYS}});
    assert_eq!(body["TransactItems"][1], check);
    assert_eq!(body["TransactItems"][0], request()["TransactItems"][0]);
}

#[test]
fn a_write_is_named_after_its_event_or_the_first_of_the_transaction_or_what_it_changes() {
    let put = |action: &str| json!({"Put": {"Item": {"PK": {"S": "ORG#a"}, "SK": {"S": "1"}, "action": {"S": action}}}});
    let key = json!({"PK": {"S": "USER#a"}, "SK": {"S": "USER"}});
    let update = json!({"Key": key, "UpdateExpression": "SET b = if_not_exists(b, :none), live_keys.#a = :one REMOVE #c ADD a :one",
        "ExpressionAttributeNames": {"#a": "x", "#c": "c"}, "ConditionExpression": "attribute_exists(PK)"});
    let seen = |operation: &str, body: &Value| {
        let mutants = Mutants::new(Writes::Collected);
        let caller = Caller { function: "f".to_owned(), instance: 1 };
        mutants.pass(Service::DynamoDb, operation, Some(&caller), body.to_string().into());
        mutants.seen()
    };
    let steps =
        json!({"TransactItems": [{"Update": update}, put("user.created"), put("access_key.created")]});
    let names = [
        "f Put ORG/id of access_key.created",
        "f Put ORG/id of user.created",
        "f Update USER/USER of user.created: attribute_exists(PK)",
    ];
    assert_eq!(seen("TransactWriteItems", &steps), names);
    assert_eq!(
        seen("UpdateItem", &update),
        ["f Update USER/USER of a, b, c, live_keys: attribute_exists(PK)"]
    );
}

#[test]
fn a_query_has_mutants_of_its_filter_and_of_its_range_within_a_partition() {
    let query = json!({"TableName": "t", "IndexName": "due", "KeyConditionExpression": "#shard = :shard AND due_at <= :now",
        "FilterExpression": "#kind = :kind", "ProjectionExpression": "#name",
        "ExpressionAttributeNames": {"#shard": "due_shard", "#kind": "kind", "#name": "name"},
        "ExpressionAttributeValues": {":shard": {"S": "0"}, ":now": {"N": "1"}, ":kind": {"S": "machine"}}});
    let passed = |writes: Writes| {
        let mutants = Mutants::new(writes);
        let caller = Caller { function: "f".to_owned(), instance: 1 };
        let body = mutants.pass(Service::DynamoDb, "Query", Some(&caller), query.to_string().into());
        (mutants.seen(), serde_json::from_slice::<Value>(&body).unwrap())
    };
    let names =
        ["f Query due: due_at <= :now", "f Query due: due_at <= :now, < for <=", "f Query due: kind = :kind"];
    assert_eq!(passed(Writes::Collected).0, names);
    let mutated = |name: &str| passed(Writes::Mutated(vec![name.to_owned()])).1;
    let whole = mutated(names[0]);
    assert_eq!(whole["KeyConditionExpression"], "#shard = :shard");
    assert_eq!(whole["ExpressionAttributeValues"], json!({":shard": {"S": "0"}, ":kind": {"S": "machine"}}));
    assert_eq!(mutated(names[1])["KeyConditionExpression"], "#shard = :shard AND due_at < :now");
    let unfiltered = mutated(names[2]);
    assert_eq!(unfiltered["FilterExpression"], clauses::ALWAYS);
    assert_eq!(unfiltered["ExpressionAttributeNames"], json!({"#shard": "due_shard", "#name": "name"}));
}
