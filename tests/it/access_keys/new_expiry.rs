//! Notices of keys whose expiry was moved.

use kit::{DAY, run};
use serde_json::json;

#[test]
fn a_key_whose_last_notice_was_sent_is_announced_again_after_an_extension() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let machine = organization.machine("ci").await;
        let key = organization.key(&machine, 40).await;
        world.travel(41 * DAY);
        world.notify().await;
        assert_eq!(world.stack.emails().len(), 1);
        let alice = world.person("alice");
        alice.patch(&organization.key_path(&key), json!({"expires_in_days": 40})).await.expect(200);
        world.travel(52 * DAY);
        world.notify().await;
        assert_eq!(world.stack.emails().len(), 2, "thirty days before the new expiry");
        world.travel(82 * DAY);
        world.notify().await;
        assert_eq!(world.stack.emails().len(), 3);
    });
}

#[test]
fn a_key_without_expiry_is_announced_after_it_gets_an_expiry() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let machine = organization.machine("ci").await;
        let body = json!({"name": "k", "never_expires": true});
        let key = organization.owner.post(&organization.keys_of(&machine), body).await.expect(201);
        let path = organization.key_path(&key);
        organization.owner.patch(&path, json!({"expires_in_days": 40})).await.expect(200);
        world.travel(11 * DAY);
        world.notify().await;
        assert_eq!(world.stack.emails().len(), 1);
        let alice = world.person("alice");
        alice.patch(&path, json!({"never_expires": true})).await.expect(200);
        world.travel(41 * DAY);
        world.notify().await;
        assert_eq!(world.stack.emails().len(), 1);
        let stored = &world.items_of("KEY#")[0];
        assert!(!stored.contains_key("due_at") && !stored.contains_key("due_shard"));
    });
}
