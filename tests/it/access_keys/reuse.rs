//! The use of a secret after its rotation.

use kit::{Item, Organization, World, run};
use serde_json::{Value, json};

use crate::tokens::{token, with_another_secret};

/// Rotates a key of a person's own and returns it as it was before.
async fn retired(world: &World, organization: &Organization, person: &str) -> Value {
    let person = world.person(person);
    let body = json!({"name": "laptop", "expires_in_days": 90});
    let key = person.post(&organization.keys_of("me"), body).await.expect(201);
    person.post(&format!("{}/rotate", organization.key_path(&key)), Value::Null).await.expect(200);
    key
}

fn told(world: &World, sort_key: &str) -> Vec<Item> {
    let of_reuse = |item: &Item| item["event"] == "retired_secret_used";
    world.items_of(sort_key).into_iter().filter(of_reuse).collect()
}

#[test]
fn the_use_of_a_retired_secret_is_refused_and_reported_to_its_user_once_an_hour() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.invite("carol").await;
        let old = world.key(token(&retired(world, &organization, "carol").await));
        for _ in 0..3 {
            old.get("/v1/whoami").await.expect_forbidden_by_gateway();
        }
        let audit = world.audit("access_key.retired_secret_used");
        assert_eq!(audit.len(), 1);
        assert_eq!(
            (&audit[0]["actor"]["type"], &audit[0]["source_ip"]),
            (&json!("access_key"), &json!("127.0.0.1"))
        );
        let path = format!("{}/users/me/inbox", organization.path);
        let inbox = world.person("carol").get(&path).await.expect(200);
        assert_eq!(inbox["items"].as_array().unwrap().len(), 1, "{inbox}");
        let message = &inbox["items"][0];
        assert_eq!((&message["event"], &message["state"]), (&json!("retired_secret_used"), &json!("unread")));
        assert!(message["text"].as_str().unwrap().contains("127.0.0.1"));
        let outbox = told(world, "OUTBOX#");
        assert_eq!((outbox.len(), &outbox[0]["user_id"]), (1, &json!(carol)));

        world.travel(3_000);
        old.get("/v1/whoami").await.expect_forbidden_by_gateway();
        assert_eq!(world.audit("access_key.retired_secret_used").len(), 1);
        world.travel(3_601);
        old.get("/v1/whoami").await.expect_forbidden_by_gateway();
        assert_eq!(world.audit("access_key.retired_secret_used").len(), 2);
    });
}

#[test]
fn the_use_of_a_retired_secret_is_reported_again_an_hour_later_to_the_second() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.invite("carol").await;
        let key = retired(world, &organization, "carol").await;
        let first = world.stack.clock().now().as_second() + 1;
        for (seconds, times) in [(0, 1), (3_599, 1), (3_600, 2)] {
            let event = kit::authorizer_event(token(&key), first + seconds);
            world.stack.invoke("authorize-request", &event).await.unwrap();
            assert_eq!(world.audit("access_key.retired_secret_used").len(), times, "{seconds}");
        }
    });
}

#[test]
fn two_uses_of_a_retired_secret_at_once_are_reported_once() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.invite("carol").await;
        let old = world.key(token(&retired(world, &organization, "carol").await));
        // The other use is read and recorded while the record of the first is on its way.
        let other = async {
            old.get("/v1/whoami").await.expect_forbidden_by_gateway();
            assert_eq!(told(world, "OUTBOX#").len(), 1);
        };
        let record = ("authorize-request", "TransactWriteItems", 1);
        let (first, ()) = world.while_held(record, old.get("/v1/whoami"), other).await;
        first.expect_forbidden_by_gateway();
        assert_eq!(world.audit("access_key.retired_secret_used").len(), 1);
        assert_eq!((told(world, "OUTBOX#").len(), told(world, "INBOX#").len()), (1, 1));
    });
}

/// Deletes a key while this operation, by which the authorizer records its use, is held.
fn delete_while_used(operation: &str, is_retired: bool) {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let path = organization.key_path(&key);
        if is_retired {
            organization.owner.post(&format!("{path}/rotate"), Value::Null).await.expect(200);
        }
        let client = world.key(token(&key));
        // Requests would take longer than the authorizer waits for this operation.
        let delete = async { world.items_of("KEY#").iter().for_each(|key| world.remove(key)) };
        let record = ("authorize-request", operation, 1);
        let (used, ()) = world.while_held(record, client.get("/v1/whoami"), delete).await;
        assert_eq!(used.status, if is_retired { 403 } else { 200 });
        assert_eq!(world.items_of("KEY#"), [] as [Item; 0]);
        assert!(world.audit("access_key.retired_secret_used").is_empty());
    });
}

#[test]
fn a_key_that_is_deleted_while_its_use_is_recorded_stays_deleted() {
    delete_while_used("UpdateItem", false);
}

#[test]
fn a_key_that_is_deleted_while_the_use_of_a_retired_secret_is_recorded_stays_deleted() {
    delete_while_used("TransactWriteItems", true);
}

#[test]
fn owners_are_notified_of_the_reuse_of_a_machines_secret() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        organization
            .owner
            .post(&format!("{}/rotate", organization.key_path(&key)), Value::Null)
            .await
            .expect(200);
        world.key(token(&key)).get("/v1/whoami").await.expect_forbidden_by_gateway();
        let waiting = told(world, "OUTBOX#");
        assert_eq!(
            (waiting.len(), &waiting[0]["PK"]),
            (1, &json!(format!("ORG#{}#OUTBOX", organization.id)))
        );
        assert_eq!(world.notify().await["sent"], 1);
        assert_eq!((told(world, "INBOX#").len(), told(world, "OUTBOX#").len()), (1, 0));
        let inbox = organization.owner.get(&organization.user_path("me/inbox")).await.expect(200);
        assert_eq!(inbox["items"][0]["key_id"], key["key_id"]);
    });
}

#[test]
fn a_wrong_secret_is_not_reported_as_a_retired_one() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let old = retired(world, &organization, "alice").await;
        let wrong = with_another_secret(&old);
        world.key(&wrong).get("/v1/whoami").await.expect_forbidden_by_gateway();
        assert_eq!(world.audit("access_key.retired_secret_used").len(), 0);
    });
}
