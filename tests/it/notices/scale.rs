use kit::{Call, DAY, World, run};
use local::Quota;
use serde_json::{Value, json};

/// Stores machines with an address and a key of so many days each.
async fn machines(world: &World, owner: &str, machines: usize, days: i64) {
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
fn what_a_run_touches_follows_what_is_due_and_not_the_table() {
    let mut counts = Vec::new();
    for (due, others) in [(20, 100), (20, 2_000), (200, 100)] {
        run(async |world| {
            machines(world, "ann", others, 300).await;
            machines(world, "bob", due, 90).await;
            counts.push(touched(world, due).await);
        });
    }
    let [few, among_many, many] = counts[..] else { panic!("{counts:?}") };
    assert_eq!(few, among_many);
    assert!(many > 9 * few && many < 10 * few, "{counts:?}");
}
