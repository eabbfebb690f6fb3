//! Lists with filters: what a page reads, however large and many the items are, and what it shows of what changes
//! meanwhile.

use std::collections::BTreeSet;

use kit::{Organization, World, run};
use serde_json::{Value, json};

use crate::reads::count_units;

/// The most read units of a page: those of the list, and those of its index queries and of what the path names.
const MOST_UNITS: f64 = 210.0;

/// Makes an item of a user as large as the rules allow one to become.
fn enlarge(world: &World, user_id: &str, sort: &str, bytes: usize) {
    let key = (&*format!("USER#{user_id}"), sort);
    world.set(key, "padding", &json!({"S": "x".repeat(bytes)}));
}

/// Makes an active machine with a key that was never used, both as large as can be, and this many copies of both.
async fn large_machines(world: &World, organization: &Organization, copies: usize) -> Value {
    let key = organization.machine_key().await;
    let (user_id, key_id) = (key["user_id"].as_str().unwrap(), key["key_id"].as_str().unwrap());
    enlarge(world, user_id, "USER", 6_500);
    enlarge(world, user_id, &format!("KEY#{}", &key_id[12..]), 10_500);
    world.copy_user(user_id, copies);
    key
}

/// Reads all pages of a list. Checks the units of each page, and that nothing is shown twice.
async fn ids(world: &World, organization: &Organization, function: &str, path: &str) -> BTreeSet<String> {
    let (mut ids, mut cursor) = (BTreeSet::new(), String::new());
    loop {
        count_units(world, function);
        let page = organization.owner.get(&format!("{path}&limit=100{cursor}")).await.expect(200);
        let units = world.stack.faults().read_units();
        assert!(units > 1.0 && units <= MOST_UNITS, "{path}: {units} units");
        for item in page["items"].as_array().unwrap() {
            let id = item.get("key_id").unwrap_or(&item["user_id"]).as_str().unwrap();
            assert!(ids.insert(id.to_owned()), "{path}: {id} twice");
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return ids,
        }
    }
}

#[test]
fn a_page_under_a_filter_reads_200_units_at_most_and_its_cursors_lead_to_everything_once() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let key = large_machines(world, &organization, 90).await;
        let users = format!("{}/users", organization.path);
        for (filter, found) in [
            ("q=C", 92),
            ("status=active", 92),
            ("kind=machine", 91),
            ("kind=normal", 0),
            ("status=suspended", 0),
        ] {
            let shown = ids(world, &organization, "manage-users", &format!("{users}?{filter}")).await;
            assert_eq!(shown.len(), found, "{filter}");
        }
        let keys = format!("{}/access-keys", organization.path);
        for (filter, found) in [
            ("status=active", 91),
            ("unused_since=2020-01-01T00:00:00Z", 91),
            ("kind=owner", 0),
            ("q=nothing", 0),
        ] {
            let shown = ids(world, &organization, "list-access-keys", &format!("{keys}?{filter}")).await;
            assert_eq!(shown.len(), found, "{filter}");
        }
        world.copy_key(key["key_id"].as_str().unwrap(), 150);
        let user_id = key["user_id"].as_str().unwrap();
        for (list, filter, found) in [
            (organization.keys_of(user_id), "expires_before=2400-01-01T00:00:00Z", 151),
            (organization.keys_of(user_id), "status=revoked", 0),
            (keys, &format!("q={user_id}"), 151),
        ] {
            let shown = ids(world, &organization, "list-access-keys", &format!("{list}?{filter}")).await;
            assert_eq!(shown.len(), found, "{list} {filter}");
        }
    });
}

#[test]
fn what_changes_between_the_two_reads_of_a_page_is_not_shown_under_its_former_state() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let owner = &organization.owner;
        let (key, other) = (organization.machine_key().await, organization.machine_key().await);
        let user_id = key["user_id"].as_str().unwrap();
        let key_path = organization.key_path(&key);
        let all = format!("{}/access-keys", organization.path);
        // The strong read comes after an eventual one: of a batch, or of a query.
        for (list, batch, active, others) in [
            (format!("{all}?status=active"), 2, false, vec![&other["key_id"]]),
            (format!("{}?status=inactive", organization.keys_of(user_id)), 1, true, vec![]),
        ] {
            let read = ("list-access-keys", "BatchGetItem", batch);
            let change = owner.patch(&key_path, json!({"active": active}));
            let (page, changed) = world.while_held(read, owner.get(&list), change).await;
            changed.expect(200);
            let page = page.expect(200);
            let shown: Vec<_> = page["items"].as_array().unwrap().iter().map(|key| &key["key_id"]).collect();
            assert_eq!(shown, others, "{list}");
        }
        let read = ("manage-users", "BatchGetItem", 2);
        let list = format!("{}/users?status=active&kind=machine", organization.path);
        let user_path = organization.user_path(user_id);
        let change = owner.patch(&user_path, json!({"status": "suspended"}));
        let (page, changed) = world.while_held(read, owner.get(&list), change).await;
        changed.expect(200);
        let page = page.expect(200);
        let shown: Vec<_> = page["items"].as_array().unwrap().iter().map(|user| &user["user_id"]).collect();
        assert_eq!(shown, [&other["user_id"]]);
    });
}
