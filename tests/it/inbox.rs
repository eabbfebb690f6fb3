//! The routes of the inbox.

mod kept;
mod mark_all;

use kit::{DAY, Effect, Fault, Organization, Service, When, World, run};
use serde_json::{Value, json};
use ulid::Ulid;

/// Stores a message as changes do, so many seconds ago, and returns its id.
pub(crate) fn add_message(world: &World, user_id: &str, ago: i64, event: &str) -> String {
    let message = message(world, user_id, ago, event);
    world.put(&message);
    message["message_id"]["S"].as_str().unwrap().to_owned()
}

/// Returns a message of so many seconds ago, as it is stored.
pub(crate) fn message(world: &World, user_id: &str, ago: i64, event: &str) -> Value {
    let at = world.stack.clock().now().as_second() - ago;
    let milliseconds = u64::try_from(at).unwrap() * 1000;
    let id = Ulid::from_parts(milliseconds, Ulid::generate().random()).to_string();
    json!({
        "PK": {"S": format!("USER#{user_id}")}, "SK": {"S": format!("INBOX#{id}")},
        "message_id": {"S": id}, "at": {"N": at.to_string()}, "event": {"S": event},
        "title": {"S": "A key was changed"}, "text": {"S": "Alice revoked your key."},
        "state": {"S": "unread"}, "ttl": {"N": (at + 30 * DAY).to_string()},
    })
}

fn inbox(organization: &Organization, user_id: &str) -> String {
    format!("{}/inbox", organization.user_path(user_id))
}

fn ids(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|item| item["message_id"].as_str().unwrap()).collect()
}

#[test]
fn a_person_reads_puts_away_and_deletes_their_messages() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.invite("carol").await;
        let older = add_message(world, &carol, 60, "key_expiring");
        let newer = add_message(world, &carol, 30, "access_changed");
        let (client, path) = (world.person("carol"), inbox(&organization, "me"));
        let page = client.get(&path).await.expect(200);
        assert_eq!((ids(&page), &page["next_cursor"]), (vec![newer.as_str(), &older], &Value::Null));
        let shown = &page["items"][1];
        assert!(shown["at"].as_str().is_some_and(|at| at.ends_with('Z')), "{shown}");
        assert_eq!(
            *shown,
            json!({
                "message_id": older, "at": shown["at"], "event": "key_expiring", "title": "A key was changed",
                "text": "Alice revoked your key.", "state": "unread", "key_id": null,
            })
        );
        assert_eq!(client.get(&inbox(&organization, &carol)).await.expect(200), page);

        let stored = world.items_of(&format!("INBOX#{older}"));
        let message = format!("{path}/{older}");
        for state in ["read", "archived", "unread", "read"] {
            let marked = client.patch(&message, json!({"state": state})).await.expect(200);
            let mut expected = shown.clone();
            expected["state"] = json!(state);
            assert_eq!(marked, expected);
        }
        let mut expected = stored[0].clone();
        expected["state"] = json!("read");
        assert_eq!(world.items_of(&format!("INBOX#{older}")), [expected]);
        for (state, found) in [("unread", vec![newer.as_str()]), ("read", vec![&older]), ("archived", vec![])]
        {
            let page = client.get(&format!("{path}?state={state}")).await.expect(200);
            assert_eq!((ids(&page), &page["next_cursor"]), (found, &Value::Null), "{state}");
        }

        assert_eq!(client.delete(&message).await.expect(204), Value::Null);
        client.delete(&message).await.expect_problem(404, "not_found");
        assert_eq!(ids(&client.get(&path).await.expect(200)), [newer]);
    });
}

#[test]
fn messages_are_listed_page_by_page_and_a_cursor_holds_for_its_state() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.invite("carol").await;
        let expected: Vec<_> =
            (1..=5).map(|ago| add_message(world, &carol, ago * 10, "key_changed")).collect();
        let (client, path) = (world.person("carol"), inbox(&organization, "me"));
        for filter in ["", "state=unread&"] {
            let messages = client.pages(&format!("{path}?{filter}limit=2")).await;
            let seen: Vec<_> =
                messages.iter().map(|message| message["message_id"].as_str().unwrap()).collect();
            assert_eq!(seen, expected, "{filter}");
        }
        let page = client.get(&format!("{path}?limit=2&state=unread")).await.expect(200);
        let cursor = page["next_cursor"].as_str().unwrap();
        for query in ["", "state=read&"] {
            let other = client.get(&format!("{path}?{query}cursor={cursor}")).await;
            other.expect_invalid("cursor", "next_cursor");
        }
    });
}

#[test]
fn every_list_counts_all_unread_messages() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.invite("carol").await;
        let path = inbox(&organization, "me");
        let ids: Vec<_> = (1..=3).map(|ago| add_message(world, &carol, ago * 10, "key_changed")).collect();
        add_message(world, &carol, 30 * DAY + 5, "key_changed");
        let client = world.person("carol");
        for (state, left) in [("read", 2), ("archived", 1), ("unread", 2)] {
            let message = format!("{path}/{}", if state == "archived" { &ids[1] } else { &ids[0] });
            client.patch(&message, json!({"state": state})).await.expect(200);
            for query in ["", "?limit=1", "?state=archived"] {
                assert_eq!(
                    client.get(&format!("{path}{query}")).await.expect(200)["unread"],
                    left,
                    "{state}{query}"
                );
            }
        }
        client.delete(&format!("{path}/{}", ids[0])).await.expect(204);
        assert_eq!(client.get(&path).await.expect(200)["unread"], 1);
    });
}

#[test]
fn a_message_is_gone_after_thirty_days_though_it_is_still_stored() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.invite("carol").await;
        let (old, young) = (30 * DAY + 5, 30 * DAY - 600);
        let (old, young) = (
            add_message(world, &carol, old, "key_expired"),
            add_message(world, &carol, young, "key_expired"),
        );
        let before = world.items_of("INBOX#");
        let (client, path) = (world.person("carol"), inbox(&organization, "me"));
        assert_eq!(ids(&client.get(&path).await.expect(200)), [young.as_str()]);
        let gone = format!("{path}/{old}");
        client.patch(&gone, json!({"state": "read"})).await.expect_problem(404, "not_found");
        client.delete(&gone).await.expect_problem(404, "not_found");
        assert_eq!(world.items_of("INBOX#"), before);

        world.travel(601);
        assert_eq!(
            client.get(&path).await.expect(200),
            json!({"items": [], "next_cursor": null, "unread": 0})
        );
        client.delete(&format!("{path}/{young}")).await.expect_problem(404, "not_found");
    });
}

#[test]
fn nobody_else_reads_or_changes_an_inbox() {
    run(async |world| {
        let (first, second) =
            (world.organization("alice", "strict").await, world.organization("bob", "strict").await);
        let (carol, dave) = (first.invite("carol").await, second.invite("dave").await);
        first.invite("erin").await;
        let key = first.machine_key().await;
        let machine = world.key(key["secret"]["token"].as_str().unwrap());
        let message = add_message(world, &carol, 10, "key_changed");
        let foreign = add_message(world, &dave, 10, "key_changed");
        let before = world.items_of("INBOX#");
        let erin = world.person("erin");
        for (client, user, message, status, code) in [
            (&first.owner, carol.as_str(), &message, 403, "forbidden"),
            (&erin, &carol, &message, 403, "forbidden"),
            (&machine, &carol, &message, 403, "forbidden"),
            (&machine, "me", &message, 403, "forbidden"),
            (&first.owner, &dave, &foreign, 404, "not_found"),
            (&first.owner, "000000000000", &foreign, 404, "not_found"),
            (&first.owner, "nobody", &foreign, 404, "not_found"),
        ] {
            let path = inbox(&first, user);
            client.get(&path).await.expect_problem(status, code);
            let path = format!("{path}/{message}");
            client.patch(&path, json!({"state": "read"})).await.expect_problem(status, code);
            client.delete(&path).await.expect_problem(status, code);
        }
        second.owner.get(&inbox(&first, &carol)).await.expect_forbidden_by_gateway();
        world.anonymous().get(&inbox(&first, &carol)).await.expect_forbidden_by_gateway();
        assert_eq!(world.items_of("INBOX#"), before);
    });
}

#[test]
fn a_key_reads_its_persons_inbox_unless_it_is_narrowed() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        organization.invite("carol").await;
        let carol = world.person("carol");
        for (roles, status) in [(Value::Null, 200), (json!([]), 403)] {
            let mut body = json!({"name": "k", "expires_in_days": 1});
            if roles.is_array() {
                body["roles"] = roles;
            }
            let key = carol.post(&organization.keys_of("me"), body).await.expect(201);
            let client = world.key(key["secret"]["token"].as_str().unwrap());
            client.get(&inbox(&organization, "me")).await.expect(status);
        }
    });
}

#[test]
fn a_message_that_is_not_there_is_never_made() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.invite("carol").await;
        let of_carol = add_message(world, &carol, 10, "key_changed");
        let before = world.items_of("INBOX#");
        for id in [of_carol.as_str(), "00000000000000000000000000", "nonsense", "USER"] {
            let path = format!("{}/{id}", inbox(&organization, "me"));
            let owner = &organization.owner;
            owner.patch(&path, json!({"state": "read"})).await.expect_problem(404, "not_found");
            owner.delete(&path).await.expect_problem(404, "not_found");
        }
        assert_eq!(world.items_of("INBOX#"), before);
    });
}

#[test]
fn bad_values_are_named_by_field_and_rule() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let (owner, path) = (&organization.owner, inbox(&organization, "me"));
        owner.get(&format!("{path}?state=seen")).await.expect_invalid("state", "unread, read or archived");
        owner.get(&format!("{path}?state=")).await.expect_invalid("state", "unread, read or archived");
        owner.get(&format!("{path}?event=key_changed")).await.expect_invalid("event", "state, limit, cursor");
        let message = format!("{path}/00000000000000000000000000");
        for (body, field, rule) in [
            (json!({}), "state", "must be given"),
            (json!({"state": "seen"}), "state", "must be unread, read or archived"),
            (json!({"state": null}), "state", "must be unread, read or archived"),
            (json!({"state": "read", "title": "x"}), "title", "unknown field"),
        ] {
            owner.patch(&message, body).await.expect_invalid(field, rule);
        }
        owner
            .send(reqwest::Method::DELETE, &message, Some(json!({"state": "read"})))
            .await
            .expect_invalid("body", "empty");
    });
}

#[test]
fn reading_and_deleting_messages_writes_no_audit_event() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let alice = organization.owner.get(&organization.user_path("me")).await.expect(200);
        let message = add_message(world, alice["user_id"].as_str().unwrap(), 10, "key_changed");
        let audited = || world.items().iter().filter(|item| item.contains_key("audit_id")).count();
        let before = audited();
        let path = format!("{}/{message}", inbox(&organization, "me"));
        organization.owner.patch(&path, json!({"state": "read"})).await.expect(200);
        organization.owner.delete(&path).await.expect(204);
        assert_eq!((audited(), world.items_of("INBOX#").len()), (before, 0));
    });
}

#[test]
fn a_lost_reply_marks_and_deletes_once_and_says_so() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.invite("carol").await;
        let message = add_message(world, &carol, 10, "key_changed");
        let (client, path) = (world.person("carol"), format!("{}/{message}", inbox(&organization, "me")));
        for operation in ["UpdateItem", "TransactWriteItems"] {
            let fault = Fault::on(Service::DynamoDb, Effect::LoseReply).operation(operation);
            world.stack.faults().add(fault.function("manage-inbox").when(When::First(1)));
        }
        assert_eq!(client.patch(&path, json!({"state": "read"})).await.expect(200)["state"], "read");
        client.delete(&path).await.expect(204);
        assert_eq!(world.stack.faults().struck(), 2);
        assert!(world.items_of("INBOX#").is_empty());
    });
}
