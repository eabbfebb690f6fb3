//! Lists of keys that change between two pages.

use std::collections::BTreeMap;

use kit::{DAY, Organization, World, run};
use serde_json::{Value, json};

fn id(key: &Value) -> String {
    key["key_id"].as_str().unwrap().to_owned()
}

/// Makes machines with two keys each, which expire on different days.
async fn machines(organization: &Organization, count: i64) -> Vec<Value> {
    let mut keys = vec![];
    for number in 0..count {
        let machine = organization.machine(&format!("m{number}")).await;
        for days in [40 + number, 240 - number] {
            keys.push(organization.key(&machine, days).await);
        }
    }
    keys
}

/// Makes one change of each sort, of keys that stand anywhere in the list.
async fn change(organization: &Organization, keys: &mut Vec<Value>, round: usize) -> Vec<String> {
    let owner = &organization.owner;
    let mut taken = || keys.swap_remove((round * 7) % keys.len());
    let (extended, ended, shortened, deleted) = (taken(), taken(), taken(), taken());
    let path = |key: &Value| organization.key_path(key);
    owner.patch(&path(&extended), json!({"expires_in_days": 300})).await.expect(200);
    owner.post(&format!("{}/revoke", path(&ended)), Value::Null).await.expect(200);
    owner.patch(&path(&shortened), json!({"expires_in_days": 2})).await.expect(200);
    owner.delete(&path(&deleted)).await.expect(204);
    let machine = organization.machine(&format!("new{round}")).await;
    let days = i64::try_from(round).unwrap() * 50 + 20;
    let new = [organization.key(&machine, days).await, organization.key(&machine, 5).await];
    [extended, ended, shortened, deleted].iter().chain(&new).map(id).collect()
}

async fn list_while_keys_change(world: &World, query: &str) {
    let organization = world.organization("alice", "flexible").await;
    let mut keys = machines(&organization, 12).await;
    let mut untouched: BTreeMap<String, u32> = keys.iter().map(|key| (id(key), 0)).collect();
    let (mut cursor, mut round) = (String::new(), 0);
    loop {
        let path = format!("{}/access-keys?limit=4&{query}{cursor}", organization.path);
        let page = organization.owner.get(&path).await.expect(200);
        for key in page["items"].as_array().unwrap() {
            untouched.entry(id(key)).and_modify(|seen| *seen += 1);
        }
        if round < 4 {
            for changed in change(&organization, &mut keys, round).await {
                untouched.remove(&changed);
            }
            round += 1;
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!((round, untouched.len()), (4, 8));
    assert!(untouched.values().all(|seen| *seen == 1), "{query}: {untouched:?}");
}

#[test]
fn a_key_that_does_not_change_is_listed_once_while_others_come_go_and_move() {
    run(async |world| list_while_keys_change(world, "").await);
}

#[test]
fn a_key_that_does_not_change_is_listed_once_in_a_filtered_list() {
    run(async |world| list_while_keys_change(world, "status=active&kind=machine").await);
}

#[test]
fn keys_that_expire_while_they_are_listed_end_the_list_of_active_ones_and_nothing_fails() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        for days in [1, 2, 3, 30] {
            let machine = organization.machine(&format!("m{days}")).await;
            organization.key(&machine, days).await;
        }
        let path = format!("{}/access-keys?status=active&limit=1", organization.path);
        let page = organization.owner.get(&path).await.expect(200);
        // The place that the cursor names is now before the first key that is active.
        world.travel(3 * DAY + 60);
        let alice = world.person("alice");
        let next = format!("{path}&cursor={}", page["next_cursor"].as_str().unwrap());
        let page = alice.get(&next).await.expect(200);
        assert_eq!(page["items"][0]["expires_in_days"], 27);
        assert_eq!((page["items"].as_array().map(Vec::len), &page["next_cursor"]), (Some(1), &Value::Null));
        let path = format!("{}/access-keys?status=expired", organization.path);
        assert_eq!(alice.pages(&path).await.len(), 3);
    });
}

#[test]
fn a_listing_goes_on_from_a_key_that_was_deleted() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let mut keys = machines(&organization, 3).await;
        keys.sort_by_key(|key| key["expires_at"].to_string());
        let path = format!("{}/access-keys?limit=3", organization.path);
        let page = organization.owner.get(&path).await.expect(200);
        organization.owner.delete(&organization.key_path(&keys[2])).await.expect(204);
        let next = format!("{path}&cursor={}", page["next_cursor"].as_str().unwrap());
        let rest = organization.owner.get(&next).await.expect(200);
        let ids: Vec<_> = rest["items"].as_array().unwrap().iter().map(id).collect();
        assert_eq!(ids, keys[3..].iter().map(id).collect::<Vec<_>>());
    });
}
