//! The cost of a run with many keys.

use std::collections::HashSet;

use kit::{Call, DAY, Item, Options, World, mail_domains, run_with};
use local::{Quota, dynoxide::ImportOptions};
use serde_json::{Value, json};

/// Stores machines with an address and a key of so many days each.
pub(super) async fn machines(world: &World, owner: &str, machines: usize, days: i64) {
    let organization = world.organization(owner, "strict").await;
    let policy = json!({"policy": {"notices": {"tell": {"owners_for_machines": false}}}});
    organization.owner.patch(&organization.path, policy).await.expect(200);
    let body = json!({
        "kind": "machine", "name": "machine", "email": format!("robots-of-{owner}@example.com"),
        "notifications": {"key_changed": {"email": false}},
    });
    let machine = organization.owner.post(&format!("{}/users", organization.path), body).await.expect(201);
    let machine = machine["user_id"].as_str().unwrap();
    organization.key(machine, days).await;
    world.copy_user(machine, machines - 1);
}

/// Counts the items that a call reads or writes, as far as its request tells.
fn items(call: &Call) -> usize {
    let request: Value = serde_json::from_slice(&call.request).unwrap_or_default();
    let keys = request["RequestItems"]["access-keys"]["Keys"].as_array();
    keys.or(request["TransactItems"].as_array()).map_or(1, Vec::len)
}

/// Runs once, and counts the items that it touched.
async fn touched(world: &World, due: usize) -> usize {
    world.stack.set_quota(Quota { max_send_rate: 10_000.0, ..Quota::default() });
    world.travel(60 * DAY + 60);
    world.stack.calls().clear();
    let summary = world.notify().await;
    assert_eq!((&summary["due"], &summary["sent"]), (&json!(due), &json!(due)), "{summary}");
    world.stack.calls().by_function("notify-expiring-keys").iter().map(items).sum()
}

#[test]
fn the_cost_of_a_run_depends_on_the_due_keys_and_not_on_the_table() {
    let mut counts = Vec::new();
    for (due, others) in [(20, 100), (20, 2_000), (200, 100)] {
        run_with(mail_domains(), async |world| {
            machines(world, "ann", others, 300).await;
            machines(world, "bob", due, 90).await;
            counts.push(touched(world, due).await);
        });
    }
    let [few, among_many, many] = counts[..] else { panic!("{counts:?}") };
    assert_eq!(few, among_many);
    assert!(many > 9 * few && many < 10 * few, "{counts:?}");
}

#[test]
fn a_run_takes_the_shards_that_its_event_names() {
    let parameters = [("DueShards".to_owned(), "2".to_owned())].into();
    run_with(Options { parameters, ..Options::default() }, async |world| {
        let owners = ["ann", "bob", "cem", "dan", "eve"];
        for owner in owners {
            world.organization(owner, "strict").await.machine_key().await;
        }
        world.travel(60 * DAY + 60);
        let of_shard = async |shard: u64| {
            let event = json!({"time": world.stack.clock().now_text(), "shards": [shard]});
            let summary = world.stack.run_schedule("notify-expiring-keys", &event).await.unwrap().unwrap();
            let keys = world.items_of("KEY#");
            let name = shard.to_string();
            let told = |key: &&Item| key["due_shard"] == name;
            assert_eq!(summary["sent"], keys.iter().filter(told).count(), "{summary}");
            summary["sent"].as_u64().unwrap()
        };
        assert_eq!(of_shard(0).await + of_shard(1).await, owners.len() as u64);
        assert_eq!(world.notify().await["due"], 0);
    });
}

#[test]
fn runs_of_different_shards_at_once_send_everything_once() {
    let parameters = [("DueShards".to_owned(), "2".to_owned())].into();
    run_with(Options { parameters, ..Options::default() }, async |world| {
        let in_shard = |shard: usize| {
            let name = shard.to_string();
            world.items_of("KEY#").iter().filter(|key| key["due_shard"] == name).count()
        };
        while in_shard(0).min(in_shard(1)) < 3 {
            let owner = format!("owner{}", in_shard(0) + in_shard(1));
            world.organization(&owner, "strict").await.machine_key().await;
        }
        let before = world.stack.emails().len();
        world.travel(60 * DAY + 60);
        let time = world.stack.clock().now_text();
        let of_shard = async |shard: u64| {
            let event = json!({"time": time, "shards": [shard]});
            world.stack.run_schedule("notify-expiring-keys", &event).await.unwrap().unwrap()
        };
        let (first, second) = tokio::join!(of_shard(0), of_shard(1));
        assert_eq!([&first["sent"], &second["sent"]], [&json!(in_shard(0)), &json!(in_shard(1))]);
        let mails = world.stack.emails().split_off(before);
        let recipients: HashSet<_> = mails.iter().map(|mail| &mail.to).collect();
        assert_eq!((mails.len(), recipients.len()), (in_shard(0) + in_shard(1), mails.len()));
        assert_eq!(world.notify().await["due"], 0);
    });
}

#[test]
fn a_run_reads_five_thousand_unfinished_mails_and_leaves_the_others_over() {
    run_with(mail_domains(), async |world| {
        // A run keeps 2,000 entries of an organization.
        for owner in ["ann", "bob", "cem"] {
            world.organization(owner, "strict").await;
        }
        let users = world.items_of("USER");
        let now = world.stack.clock().now().as_second();
        // Other runs have their leases, so that none is sent.
        let mail = |number: usize| {
            let (id, user) = (format!("01K3{number:0>22}"), &users[number % users.len()]);
            let mail = json!({
                "PK": {"S": user["PK"]}, "SK": {"S": format!("MAIL#{id}")}, "mail_id": {"S": id},
                "user_id": {"S": user["user_id"]}, "organization_id": {"S": user["organization_id"]}, "lease": {"S": id},
                "lease_ends_at": {"N": (now + 3_600).to_string()}, "status": {"S": "leased"}, "attempts": {"N": "0"},
                "created_at": {"N": now.to_string()}, "announcements": {"L": []}, "messages": {"L": []},
                "due_shard": {"S": "0"}, "due_at": {"N": (now - 60).to_string()},
            });
            serde_json::from_value(mail).unwrap()
        };
        let mails = (0..5_001).map(mail).collect();
        world.stack.database().unwrap().import_items("access-keys", mails, ImportOptions::default()).unwrap();
        let summary = world.notify().await;
        assert_eq!((&summary["left_over"], &summary["failed"]), (&json!(1), &json!(0)), "{summary}");
    });
}
