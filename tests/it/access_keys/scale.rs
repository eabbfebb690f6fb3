//! Lists and previews of many thousand keys.

use std::collections::BTreeSet;

use kit::{Organization, World, run};
use serde_json::json;

async fn large(world: &World, users: usize) -> Organization {
    let organization = world.organization("alice", "strict").await;
    let machine = organization.machine("ci").await;
    organization.key(&machine, 30).await;
    organization.key(&machine, 300).await;
    world.copy_user(&machine, users - 1);
    organization
}

#[test]
fn a_page_of_20_000_keys_costs_one_query_and_one_batch_read_whatever_page() {
    run(async |world| {
        let organization = large(world, 10_000).await;
        let mut cursor = String::new();
        for page in 0..30 {
            world.stack.calls().clear();
            let path = format!("{}/access-keys?limit=100{cursor}", organization.path);
            let found = organization.owner.get(&path).await.expect(200);
            let calls = world.stack.calls().by_function("list-access-keys");
            let operations: Vec<_> = calls.iter().map(|call| call.operation.as_str()).collect();
            assert_eq!(operations, ["Query", "BatchGetItem"], "page {page}");
            assert!(found["items"].as_array().is_some_and(|items| items.len() >= 50), "page {page}");
            cursor = format!("&cursor={}", found["next_cursor"].as_str().unwrap());
        }
    });
}

#[test]
fn a_narrowed_list_of_20_000_keys_does_bounded_work_for_a_page_and_finds_the_one_key() {
    run(async |world| {
        let organization = large(world, 10_000).await;
        let body = json!({"name": "mine", "expires_in_days": 200});
        let mine = organization.owner.post(&organization.keys_of("me"), body).await.expect(201);
        let (mut found, mut cursor, mut pages) = (vec![], String::new(), 0);
        loop {
            world.stack.calls().clear();
            let path = format!("{}/access-keys?kind=owner{cursor}", organization.path);
            let page = organization.owner.get(&path).await.expect(200);
            let calls = world.stack.calls().by_function("list-access-keys");
            let count = |operation| calls.iter().filter(|call| call.operation == operation).count();
            assert!(count("Query") <= 10 && count("BatchGetItem") <= 10, "page {pages}");
            found.extend(page["items"].as_array().unwrap().iter().map(|key| key["key_id"].clone()));
            pages += 1;
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(found, [mine["key_id"].clone()]);
        assert!(pages > 10, "{pages}");
    });
}

#[test]
fn a_preview_of_10_000_keys_names_each_key_that_would_break_once() {
    run(async |world| {
        let organization = large(world, 5_000).await;
        let proposal = json!({"policy": {"lifetime": {"max_seconds": 100 * kit::DAY}}});
        let (mut broken, mut cursor) = (BTreeSet::new(), String::new());
        loop {
            let path = format!("{}/policy-preview?limit=100{cursor}", organization.path);
            let page = organization.owner.post(&path, proposal.clone()).await.expect(200);
            for item in page["items"].as_array().unwrap() {
                assert_eq!(
                    (&item["rule"], &item["value"]),
                    (&json!("lifetime.max_seconds"), &json!("8640000"))
                );
                assert!(broken.insert(item["access_key"]["key_id"].as_str().unwrap().to_owned()));
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(broken.len(), 5_000);
    });
}
