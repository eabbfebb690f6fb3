//! Entries of the `due` index that move while a run reads.

use std::collections::HashMap;

use kit::{DAY, Effect, Fault, Organization, Service, World, key_of, run};
use local::dynoxide::{AttributeValue, ImportOptions};
use serde_json::{Value, json};

use super::{outbox::put_waiting, recipients, transaction};

/// Entries that no function knows, as many as fill a page of the index: 1 MB.
fn page_of_entries(due_at: i64) -> Vec<HashMap<String, AttributeValue>> {
    let entry = |number: usize| {
        let entry = json!({
            "PK": {"S": "OTHER"}, "SK": {"S": format!("{number:0>1000}")}, "organization_id": {"S": "other"},
            "due_shard": {"S": "0"}, "due_at": {"N": due_at.to_string()},
        });
        serde_json::from_value(entry).unwrap()
    };
    (0..1_100).map(entry).collect()
}

/// Runs the notice function. When it has read one page of the index, all entries of these sort keys move behind the
/// second page.
async fn notify_while_moving(world: &World, kinds: &[&str]) -> Value {
    let now = world.stack.clock().now().as_second();
    let database = world.stack.database().unwrap();
    database.import_items("access-keys", page_of_entries(now - 100), ImportOptions::default()).unwrap();
    let moving: Vec<_> = kinds.iter().flat_map(|kind| world.items_of(kind)).collect();
    let moving: Vec<_> = moving.iter().filter(|item| item.contains_key("due_at")).collect();
    let move_to = |due_at: i64| {
        for item in &moving {
            let update = json!({
                "TableName": "access-keys", "Key": {"PK": {"S": item["PK"]}, "SK": {"S": item["SK"]}},
                "UpdateExpression": "SET due_at = :at",
                "ExpressionAttributeValues": {":at": {"N": due_at.to_string()}},
            });
            database.update_item(serde_json::from_value(update).unwrap()).unwrap();
        }
    };
    move_to(now - 200);
    let second_page = ("notify-expiring-keys", "Query", 2);
    world.while_held(second_page, world.notify(), async { move_to(now - 50) }).await.0
}

async fn delete_and_die(world: &World, organization: &Organization, user_id: &str) {
    let kill = Fault::on(Service::DynamoDb, Effect::KillBefore).operation("DeleteItem");
    world.stack.faults().add(kill.function("manage-users"));
    organization.owner.delete(&organization.user_path(user_id)).await;
    world.stack.faults().clear();
}

#[test]
fn whatever_moves_while_the_index_is_paged_is_handled_once_and_fails_nothing() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.join_as(world, "carol", "normal").await;
        organization.join_as(world, "bob", "owner").await;
        for (name, days) in [("first", 80), ("second", 90), ("third", 90)] {
            let machine = organization.machine(name).await;
            organization.key(&machine, days).await;
        }
        world.travel(50 * DAY + 60);
        // Bob's mail is left unfinished.
        let fault = Fault::on(Service::Ses, Effect::ServerError).operation("SendRawEmail");
        world.stack.faults().add(fault.recipient("bob@example.com"));
        world.notify().await;
        world.stack.faults().clear();
        world.end_leases();
        world.travel(60 * DAY + 60);
        put_waiting(world, &organization, &carol, 2);
        let organization = Organization { owner: world.person("alice"), ..organization };
        let gone = organization.invite("gone").await;
        delete_and_die(world, &organization, &gone).await;
        world.travel(60 * DAY + 600);

        let summary = notify_while_moving(world, &["KEY#", "OUTBOX#", "MAIL#", "PARTING#", "USER"]).await;
        // Three keys, of which one was announced, two messages, and one unfinished mail.
        let expected = json!({"due": 6, "sent": 3, "skipped": 1, "failed": 0, "waiting": 0, "left_over": 0, "beyond_share": 0});
        assert_eq!(summary, expected);
        let mut expected = ["alice", "alice", "bob", "carol"].map(|name| format!("{name}@example.com"));
        expected.sort();
        assert_eq!(recipients(world), expected);
        let users = world.items_of("USER");
        assert!(users.iter().all(|user| user["user_id"] != gone), "{users:?}");
    });
}

#[test]
fn a_run_that_read_the_index_before_an_extension_announces_none_of_the_new_stages_that_are_past() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let key = organization.machine_key().await;
        world.travel(83 * DAY + 60);
        let extended = async {
            // Thirty days before the new end are past, seven are not.
            let body = json!({"expires_in_days": 20});
            world.person("alice").patch(&organization.key_path(&key), body).await.expect(200);
        };
        let read = ("notify-expiring-keys", "BatchGetItem", 1);
        let (summary, ()) = world.while_held(read, world.notify(), extended).await;
        assert_eq!((&summary["skipped"], &summary["sent"]), (&json!(1), &json!(0)), "{summary}");
        assert!(world.items_of("INBOX#").is_empty());
        world.travel(96 * DAY + 120);
        assert_eq!(world.notify().await["sent"], 1);
        assert!(world.stack.emails()[0].subject.contains("expires in 7 days"));
    });
}

#[test]
fn a_key_that_gets_another_expiry_with_the_same_due_time_is_not_moved_to_a_stage_of_the_old_one() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let key = organization.machine_key().await;
        world.travel(83 * DAY + 60);
        let stored = &world.items_of("KEY#")[0];
        let place = key_of(stored);
        let seen = json!({"N": stored["due_at"].to_string()});
        let shortened = async {
            let body = json!({"expires_in_days": 2});
            world.person("alice").patch(&organization.key_path(&key), body).await.expect(200);
            // By chance, a stage of each of the two expiries begins at the same second.
            world.set(key_of(stored), "due_at", &seen);
        };
        world.while_held(transaction(5), world.notify(), shortened).await;
        assert_eq!(world.item(place.0, place.1).unwrap()["due_at"], stored["due_at"]);
        world.travel(86 * DAY);
        world.notify().await;
        let subjects: Vec<_> = world.stack.emails().into_iter().map(|mail| mail.subject).collect();
        assert!(subjects.len() == 2 && subjects[1].contains("has expired"), "{subjects:?}");
    });
}

#[test]
fn a_key_that_gets_another_expiry_with_the_same_due_time_stays_in_the_index() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.machine_key().await;
        world.travel(90 * DAY + 60);
        let stored = &world.items_of("KEY#")[0];
        let place = key_of(stored);
        // By chance, a stage of each of the two expiries begins at the same second.
        let later = json!({"N": (stored["expires_at"].as_i64().unwrap() + 30 * DAY).to_string()});
        let extended = async { world.set(key_of(stored), "expires_at", &later) };
        // The run has written the event, the message and the mail, and has marked the mail.
        world.while_held(transaction(5), world.notify(), extended).await;
        assert_eq!(world.item(place.0, place.1).unwrap()["due_at"], stored["due_at"]);
    });
}
