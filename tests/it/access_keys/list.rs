//! Lists of keys: order, pages, cursors and cost.

use kit::{Organization, run};
use serde_json::{Value, json};

async fn pages(organization: &Organization, path: &str, limit: usize) -> Vec<Value> {
    organization.owner.pages(&format!("{path}?limit={limit}")).await
}

#[test]
fn keys_are_listed_by_expiry_page_by_page_and_masked() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let mut made = vec![];
        for number in 1..=3 {
            let machine = organization.machine(&format!("m{number}")).await;
            for days in [40 - number, 400 + number] {
                made.push((days, organization.key(&machine, days).await["key_id"].clone()));
            }
        }
        let lasting = json!({"name": "k", "never_expires": true});
        let lasting = organization.owner.post(&organization.keys_of("me"), lasting).await.expect(201);
        made.sort_by_key(|(days, _)| *days);
        let expected: Vec<_> =
            made.into_iter().map(|(_, id)| id).chain([lasting["key_id"].clone()]).collect();
        let all = format!("{}/access-keys", organization.path);
        for limit in [1, 2, 100] {
            let listed = pages(&organization, &all, limit).await;
            assert_eq!(listed.iter().map(|key| key["key_id"].clone()).collect::<Vec<_>>(), expected);
        }
        for key in pages(&organization, &all, 100).await {
            assert_eq!(organization.owner.get(&organization.key_path(&key)).await.expect(200), key);
        }
    });
}

#[test]
fn the_keys_of_one_user_are_listed_by_expiry() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let (machine, other) = (organization.machine("ci").await, organization.machine("cd").await);
        organization.key(&other, 5).await;
        let late = organization.key(&machine, 300).await;
        let early = organization.key(&machine, 30).await;
        for limit in [1, 50] {
            let listed = pages(&organization, &organization.keys_of(&machine), limit).await;
            let ids: Vec<_> = listed.iter().map(|key| &key["key_id"]).collect();
            assert_eq!(ids, [&early["key_id"], &late["key_id"]]);
        }
    });
}

#[test]
fn a_page_costs_one_query_and_one_batch_read() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        for number in 0..6 {
            organization.machine_key().await;
            organization.machine(&format!("bare{number}")).await;
        }
        let path = format!("{}/access-keys?limit=3", organization.path);
        let first = organization.owner.get(&path).await.expect(200);
        world.stack.calls().clear();
        let next = format!("{path}&cursor={}", first["next_cursor"].as_str().unwrap());
        organization.owner.get(&next).await.expect(200);
        let calls = world.stack.calls().by_function("list-access-keys");
        let operations: Vec<_> = calls.iter().map(|call| call.operation.as_str()).collect();
        assert_eq!(operations, ["Query", "BatchGetItem"]);
    });
}

#[test]
fn unprocessed_keys_are_asked_for_again_and_the_order_holds() {
    use kit::{Effect, Fault, Service, When};
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        for _ in 0..4 {
            organization.machine_key().await;
        }
        let path = format!("{}/access-keys", organization.path);
        let whole = organization.owner.get(&path).await.expect(200);
        let fault = Fault::on(Service::DynamoDb, Effect::Unprocessed { count: 3 });
        world
            .stack
            .faults()
            .add(fault.operation("BatchGetItem").function("list-access-keys").when(When::First(2)));
        assert_eq!(organization.owner.get(&path).await.expect(200), whole);
        assert_eq!(world.stack.faults().struck(), 2);
    });
}

#[test]
fn a_cursor_of_another_list_is_refused() {
    run(async |world| {
        let (first, second) =
            (world.organization("alice", "strict").await, world.organization("bob", "strict").await);
        for _ in 0..2 {
            first.machine_key().await;
        }
        let page = first.owner.get(&format!("{}/access-keys?limit=1", first.path)).await.expect(200);
        let cursor = page["next_cursor"].as_str().unwrap();
        for (client, path) in [
            (&second.owner, format!("{}/access-keys", second.path)),
            (&first.owner, first.keys_of("me")),
            (&first.owner, format!("{}/users", first.path)),
        ] {
            client.get(&format!("{path}?cursor={cursor}")).await.expect_invalid("cursor", "next_cursor");
        }
    });
}
