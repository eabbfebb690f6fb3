//! What a request or a run reads does not grow with items outside of what it asks for.

use jiff::Timestamp;
use kit::{DAY, Organization, World, run};
use serde_json::{Value, json};

use crate::{inbox::message, reads::count_units};

/// More read units than any request of these tests needs.
const FEW_UNITS: f64 = 30.0;

/// Items that cost more than [`FEW_UNITS`].
const MANY: usize = 200;

/// Stores claims on many long addresses beside the organization, its roles and its groups. They have a version: no filter leaves
/// them out, and what it leaves out costs nothing here.
fn claim_addresses(world: &World, organization: &Organization, user_id: &str) {
    let claim = |number: usize| {
        let address = format!("{}{number}@example.com", "a".repeat(200));
        json!({
            "PK": {"S": format!("ORG#{}", organization.id)}, "SK": {"S": format!("EMAIL#{address}")},
            "user_id": {"S": user_id}, "version": {"N": "1"},
        })
    };
    world.put_all((0..5 * MANY).map(claim));
}

#[test]
fn the_roles_of_an_organization_are_read_without_its_people() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let key = organization.machine_key().await;
        let (owner, path) = (&organization.owner, &organization.path);
        let user_id = key["user_id"].as_str().unwrap();
        let key_path = organization.key_path(&key);
        claim_addresses(world, &organization, user_id);
        let units = |function: &str| {
            let units = world.stack.faults().read_units();
            assert!(units > 0.0 && units < FEW_UNITS, "{function}: {units} units");
        };
        for (function, method, path, body) in [
            (
                "create-access-key",
                "POST",
                organization.keys_of(user_id),
                json!({"name": "k", "expires_in_days": 9}),
            ),
            ("update-access-key", "PATCH", key_path.clone(), json!({"name": "other"})),
            ("rotate-access-key", "POST", format!("{key_path}/rotate"), json!({})),
            ("get-access-key", "GET", format!("{key_path}/permissions"), Value::Null),
            ("manage-roles", "GET", format!("{path}/roles"), Value::Null),
            ("manage-users", "POST", format!("{path}/users"), json!({"kind": "machine", "name": "m"})),
        ] {
            count_units(world, function);
            let answer = match method {
                "GET" => owner.get(&path).await,
                "PATCH" => owner.patch(&path, body).await,
                _ => owner.post(&path, body).await,
            };
            assert!((200..300).contains(&answer.status), "{path}: {answer:?}");
            units(function);
        }
        world.forget_organizations().await;
        count_units(world, "authorize-request");
        owner.get(&key_path).await.expect(200);
        units("authorize-request");
    });
}

/// Makes many keys of one machine, which expire in so many days.
async fn keys(world: &World, organization: &Organization, days: i64) {
    let user_id = organization.machine(&format!("of {days} days")).await;
    let key = organization.key(&user_id, days).await;
    world.copy_key(key["key_id"].as_str().unwrap(), MANY);
}

#[test]
fn a_list_reads_no_keys_that_expire_at_other_times() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        keys(world, &organization, 2).await;
        keys(world, &organization, 300).await;
        world.travel(3 * DAY);
        let soon = Timestamp::from_second(world.stack.clock().now().as_second() + DAY).unwrap();
        let list = format!("{}/access-keys?status=active&expires_before={soon}", organization.path);
        count_units(world, "list-access-keys");
        let page = world.person("alice").get(&list).await.expect(200);
        assert_eq!((&page["items"], &page["next_cursor"]), (&json!([]), &Value::Null));
        assert!(world.stack.faults().read_units() < FEW_UNITS);
    });
}

#[test]
fn a_run_reads_no_keys_whose_notices_are_far() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        keys(world, &organization, 300).await;
        count_units(world, "notify-expiring-keys");
        assert_eq!(world.notify().await["due"], 0);
        let units = world.stack.faults().read_units();
        assert!(units > 0.0 && units < FEW_UNITS, "{units} units");
    });
}

#[test]
fn stages_that_a_policy_gains_concern_no_keys_that_never_expire() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let key = json!({"name": "key", "never_expires": true});
        let key = organization.owner.post(&organization.keys_of("me"), key).await.expect(201);
        world.copy_key(key["key_id"].as_str().unwrap(), MANY);
        let policy = json!({"policy": {"notices": {"days_before": [30, 20], "on_expiry": true}}});
        organization.owner.patch(&organization.path, policy).await.expect(200);
        assert_eq!(world.items_of("DUE#").len(), 1);
        world.travel(120);
        count_units(world, "notify-expiring-keys");
        world.notify().await;
        let units = world.stack.faults().read_units();
        assert!(units > 0.0 && units < FEW_UNITS, "{units} units");
        assert!(world.items_of("DUE#").is_empty());
    });
}

#[test]
fn a_person_with_many_messages_hears_of_their_key_after_their_suspension() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.join_as(world, "carol", "normal").await;
        let own = json!({"name": "key", "expires_in_days": 90});
        world.person("carol").post(&organization.keys_of("me"), own).await.expect(201);
        world.put_all((0..120).map(|ago| message(world, &carol, ago, "key_changed")));
        world.travel(60 * DAY + 60);
        let alice = world.person("alice");
        for (status, days, runs) in [("suspended", 60, 1), ("active", 61, 3)] {
            alice.patch(&organization.user_path(&carol), json!({"status": status})).await.expect(200);
            world.travel(days * DAY + 120);
            for _ in 0..runs {
                world.notify().await;
            }
        }
        let mails = world.stack.emails();
        let told = mails.iter().filter(|mail| mail.text.contains("expires in 29 days"));
        assert_eq!(told.map(|mail| &mail.to[0]).collect::<Vec<_>>(), ["carol@example.com"]);
    });
}
