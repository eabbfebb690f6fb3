//! Mails about changes by others.

use jiff::Timestamp;
use kit::{DAY, Organization, World, run};
use local::Email;
use serde_json::{Value, json};
use ulid::Ulid;

use super::{titles, two_runs};

/// Lets carol have a key of 90 days of her own, and answers her id and the key.
async fn carol_with_key(world: &World, organization: &Organization) -> (String, Value) {
    let carol = organization.invite("carol").await;
    let body = json!({"name": "own", "expires_in_days": 90});
    let key = world.person("carol").post(&organization.keys_of("me"), body).await.expect(201);
    (carol, key)
}

async fn revoke(organization: &Organization, key: &Value) {
    let path = format!("{}/revoke", organization.key_path(key));
    organization.owner.post(&path, Value::Null).await.expect(200);
}

fn mails_to(world: &World, address: &str) -> Vec<Email> {
    world.stack.emails().into_iter().filter(|mail| mail.to == [address]).collect()
}

#[test]
fn a_change_by_somebody_else_is_mailed_once_by_the_next_run() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let (_, key) = carol_with_key(world, &organization).await;
        revoke(&organization, &key).await;
        assert_eq!(world.items_of("OUTBOX#").len(), 1);
        let summary = world.notify().await;
        assert_eq!((&summary["due"], &summary["sent"]), (&json!(1), &json!(1)), "{summary}");
        let mails = mails_to(world, "carol@example.com");
        assert_eq!(mails.len(), 1);
        assert_eq!(mails[0].subject, "\"alice\" revoked your access key \"own\"");
        assert!(mails[0].text.contains(key["key_id"].as_str().unwrap()), "{}", mails[0].text);
        assert!(world.items_of("OUTBOX#").is_empty());
        assert_eq!(world.notify().await["due"], 0);
        assert_eq!(world.stack.emails().len(), 1);
    });
}

#[test]
fn expiries_and_changes_are_one_mail_and_the_most_urgent_is_its_subject() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let (carol, key) = carol_with_key(world, &organization).await;
        organization.role("reader", &["clusters:read"]).await;
        world.travel(60 * DAY + 60);
        let roles = json!({"roles": ["reader"]});
        world.person("alice").patch(&organization.user_path(&carol), roles).await.expect(200);
        world.notify().await;
        let mails = mails_to(world, "carol@example.com");
        assert_eq!(mails.len(), 1);
        assert_eq!(mails[0].subject, "Access key \"own\" expires in 30 days, and 1 more");
        for part in [&mails[0].text, &mails[0].html] {
            assert!(part.contains("changed your roles or groups"), "{part}");
        }

        let rotate = format!("{}/rotate", organization.key_path(&key));
        world.person("carol").post(&rotate, json!({})).await.expect(200);
        let retired = world.key(key["secret"]["token"].as_str().unwrap());
        retired.get("/v1/whoami").await.expect_forbidden_by_gateway();
        let roles = json!({"roles": []});
        world.person("alice").patch(&organization.user_path(&carol), roles).await.expect(200);
        world.travel(83 * DAY + 60);
        world.notify().await;
        let mails = mails_to(world, "carol@example.com");
        assert_eq!(mails.len(), 2);
        assert_eq!(
            mails[1].subject,
            "A retired secret of the access key \"own\" of \"carol\" was used, and 2 more"
        );
        for told in ["expires in 7 days", "\"alice\" changed your roles or groups"] {
            assert!(mails[1].text.contains(told), "{}", mails[1].text);
        }
    });
}

#[test]
fn changes_are_reported_by_the_channels_that_the_recipient_left_on() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.role("reader", &["clusters:read"]).await;
        for (number, (ways, expected)) in [
            (json!({}), (1, 1)),
            (json!({"email": false}), (0, 1)),
            (json!({"inbox": false}), (1, 0)),
            (json!({"email": false, "inbox": false}), (0, 0)),
        ]
        .into_iter()
        .enumerate()
        {
            for event in ["key_changed", "access_changed"] {
                let name = format!("reader{number}-{event}");
                let user_id = organization.invite(&name).await;
                let path = organization.user_path("me");
                let switches = json!({"notifications": {event: ways}});
                let person = world.person(&name);
                let shown = person.patch(&path, switches).await.expect(200);
                assert_eq!(shown["notifications"][event]["email"], expected.0 == 1);
                if event == "key_changed" {
                    let body = json!({"name": "own", "expires_in_days": 90});
                    let key = person.post(&organization.keys_of("me"), body).await.expect(201);
                    revoke(&organization, &key).await;
                } else {
                    let roles = json!({"roles": ["reader"]});
                    organization.owner.patch(&organization.user_path(&user_id), roles).await.expect(200);
                }
                world.notify().await;
                let mails = mails_to(world, &format!("{name}@example.com")).len();
                assert_eq!((mails, titles(world, &user_id).len()), expected, "{event} {ways}");
            }
        }
    });
}

#[test]
fn messages_for_a_deleted_user_are_dropped() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        put_waiting(world, &organization, "000000000000", 1);
        let summary = world.notify().await;
        assert_eq!((&summary["skipped"], &summary["sent"]), (&json!(1), &json!(0)), "{summary}");
        assert!(world.items_of("OUTBOX#").is_empty());
    });
}

#[test]
fn a_mail_holds_at_most_ninety_nine_messages_and_the_next_run_sends_the_rest() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.join_as(world, "carol", "normal").await;
        put_waiting(world, &organization, &carol, 150);
        let summary = world.notify().await;
        let counts = ["sent", "left_over", "beyond_share"].map(|count| summary[count].as_u64().unwrap());
        assert_eq!(counts, [1, 0, 51], "one recipient holds no alarm: {summary}");
        assert_eq!(world.notify().await["sent"], 1);
        let told: Vec<_> =
            world.stack.emails().iter().map(|mail| mail.text.matches("Something happened").count()).collect();
        assert_eq!(told, [99, 51]);
        assert_eq!(world.notify().await["due"], 0);
    });
}

#[test]
fn overlapping_runs_send_each_message_once() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.join_as(world, "carol", "normal").await;
        put_waiting(world, &organization, &carol, 40);
        let runs = futures_util::future::join_all((0..3).map(|_| world.try_notify())).await;
        assert!(runs.iter().all(Result::is_ok), "{runs:?}");
        let mails = world.stack.emails();
        let told = mails.iter().map(|mail| mail.text.matches("Something happened").count());
        assert_eq!(told.sum::<usize>(), 40);
        assert!(world.items_of("OUTBOX#").is_empty());
    });
}

#[test]
fn a_message_that_another_run_has_mailed_is_in_no_second_mail() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.join_as(world, "carol", "normal").await;
        put_waiting(world, &organization, &carol, 2);
        let (first, second) = two_runs(world, 1).await;
        assert_eq!((&first.unwrap()["sent"], &second.unwrap()["sent"]), (&json!(0), &json!(1)));
        assert_eq!((mails_to(world, "carol@example.com").len(), world.items_of("MAIL#").len()), (1, 1));
    });
}

#[test]
fn a_message_is_mailed_in_the_second_in_which_it_is_due() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.join_as(world, "carol", "normal").await;
        put_waiting(world, &organization, &carol, 1);
        let due_at = world.items_of("OUTBOX#")[0]["due_at"].as_i64().unwrap();
        for (at, due) in [(due_at - 1, 0), (due_at, 1)] {
            let event = json!({"time": Timestamp::from_second(at).unwrap().to_string()});
            let summary = world.stack.run_schedule("notify-expiring-keys", &event).await.unwrap().unwrap();
            assert_eq!([&summary["due"], &summary["sent"]], [due, due], "{at}");
            assert_eq!(mails_to(world, "carol@example.com").len(), due, "{at}");
        }
    });
}

/// Stores messages that wait to be mailed, as changes do.
pub(super) fn put_waiting(world: &World, organization: &Organization, user_id: &str, messages: usize) {
    let at = world.stack.clock().now().as_second() - 60;
    for _ in 0..messages {
        let id = Ulid::generate().to_string();
        world.put(&json!({
            "PK": {"S": format!("USER#{user_id}")}, "SK": {"S": format!("OUTBOX#{id}")},
            "message_id": {"S": id}, "at": {"N": at.to_string()}, "event": {"S": "key_changed"},
            "title": {"S": "Something happened"}, "text": {"S": "Somebody did it."}, "state": {"S": "unread"},
            "user_id": {"S": user_id}, "organization_id": {"S": organization.id},
            "due_shard": {"S": "0"}, "due_at": {"N": at.to_string()},
        }));
    }
}
