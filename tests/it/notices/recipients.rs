//! The recipients of a notice.

use kit::{DAY, Organization, World, mail_domains, run, run_with};
use serde_json::json;

use super::{recipients, titles};

/// A person of this name with a key of 90 days of their own.
async fn person_with_key(world: &World, organization: &Organization, name: &str) -> String {
    let user_id = organization.invite(name).await;
    let body = json!({"name": "own", "expires_in_days": 90});
    world.person(name).post(&organization.keys_of("me"), body).await.expect(201);
    user_id
}

#[test]
fn a_person_is_notified_of_their_key_by_the_channels_left_on() {
    let off = |event: &str, way: &str| json!({"notifications": {event: {way: false}}});
    for (switches, expiring, expired) in [
        (json!({}), (1, 1), (1, 1)),
        (off("key_expiring", "email"), (0, 1), (1, 1)),
        (off("key_expiring", "inbox"), (1, 0), (1, 1)),
        (off("key_expired", "email"), (1, 1), (0, 1)),
        (off("key_expired", "inbox"), (1, 1), (1, 0)),
        (json!({"notifications": {"key_expiring": {"email": false, "inbox": false}}}), (0, 0), (1, 1)),
    ] {
        run(async |world| {
            let organization = world.organization("alice", "strict").await;
            let carol = person_with_key(world, &organization, "carol").await;
            let path = organization.user_path("me");
            world.person("carol").patch(&path, switches.clone()).await.expect(200);
            let mut before = (0, 0);
            for (days, expected) in [(60, expiring), (90, expired)] {
                world.travel(days * DAY + 60);
                world.notify().await;
                let now = (recipients(world).len(), titles(world, &carol).len());
                assert_eq!((now.0 - before.0, now.1 - before.1), expected, "{switches}, {days}");
                before = now;
                assert_eq!(world.notify().await["due"], 0, "the key moved on");
            }
        });
    }
}

#[test]
fn copies_to_owners_cannot_be_switched_off_but_notices_of_their_own_keys_can() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let ways = json!({"email": false, "inbox": false});
        let switches = json!({"notifications": {"key_expiring": ways, "key_expired": ways}});
        let me = organization.owner.patch(&organization.user_path("me"), switches).await.expect(200);
        let alice = me["user_id"].as_str().unwrap();
        let body = json!({"name": "own", "expires_in_days": 90});
        organization.owner.post(&organization.keys_of("me"), body).await.expect(201);
        world.travel(60 * DAY + 60);
        let summary = world.notify().await;
        assert_eq!((&summary["sent"], &summary["skipped"]), (&json!(0), &json!(1)), "{summary}");
        world.travel(0);
        organization.machine_key().await;
        world.travel(60 * DAY + 60);
        assert_eq!(world.notify().await["sent"], 1);
        assert_eq!(titles(world, alice), ["Access key \"key\" expires in 30 days"]);
    });
}

#[test]
fn a_policy_can_notify_owners_creator_and_modifier_once_each() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let (bob, cem) =
            (organization.invite_as("bob", "owner").await, organization.invite_as("cem", "owner").await);
        let machine = organization.machine("machine").await;
        let body = json!({"name": "key", "expires_in_days": 90});
        let key = world.person("bob").post(&organization.keys_of(&machine), body).await.expect(201);
        let path = organization.key_path(&key);
        world.person("cem").patch(&path, json!({"description": "of cem"})).await.expect(200);
        for former in [&bob, &cem] {
            let path = organization.user_path(former);
            organization.owner.patch(&path, json!({"kind": "normal"})).await.expect(200);
        }
        world.travel(60 * DAY + 60);
        assert_eq!(world.notify().await["sent"], 3);
        assert_eq!(recipients(world), ["alice@example.com", "bob@example.com", "cem@example.com"]);
        for user_id in [&bob, &cem] {
            let inbox = titles(world, user_id);
            assert!(inbox.contains(&"Access key \"key\" expires in 30 days".to_owned()), "{inbox:?}");
        }
    });
}

#[test]
fn owners_are_notified_for_a_machine_without_an_address_under_every_policy() {
    run_with(mail_domains(), async |world| {
        let organization = world.organization("alice", "strict").await;
        let policy = json!({"policy": {"notices": {"tell": {"owners_for_machines": false}}}});
        organization.owner.patch(&organization.path, policy).await.expect(200);
        let body = json!({"kind": "machine", "name": "reached", "email": "robots@example.com"});
        let reached =
            organization.owner.post(&format!("{}/users", organization.path), body).await.expect(201);
        organization.key(reached["user_id"].as_str().unwrap(), 90).await;
        world.travel(60 * DAY + 60);
        world.notify().await;
        assert_eq!(recipients(world), ["robots@example.com"]);
        assert!(world.items_of("INBOX#").is_empty(), "a machine reads no inbox");
        world.travel(0);
        organization.machine_key().await;
        world.travel(60 * DAY + 60);
        world.notify().await;
        assert_eq!(recipients(world), ["alice@example.com", "robots@example.com"]);
    });
}
