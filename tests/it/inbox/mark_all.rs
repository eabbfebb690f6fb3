//! `PATCH …/inbox`: marks all unread messages as read.

use kit::{DAY, Effect, Fault, Service, When, World, run};
use serde_json::{Value, json};

use super::{add_message, ids, inbox, message};

/// Stores so many unread messages at once, one for each second.
fn add_many(world: &World, user_id: &str, count: i64) {
    world.put_all((1..=count).map(|ago| message(world, user_id, ago, "key_changed")));
}

/// Returns the number of stored messages in a state.
fn stored(world: &World, state: &str) -> usize {
    world.items_of("INBOX#").iter().filter(|message| message["state"] == state).count()
}

fn read() -> Value {
    json!({"state": "read"})
}

#[test]
fn all_unread_messages_of_the_person_become_read_and_nothing_else_changes() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let (carol, dave) = (organization.invite("carol").await, organization.invite("dave").await);
        let (client, path) = (world.person("carol"), inbox(&organization, "me"));
        let messages: Vec<_> = (1..=4).map(|ago| add_message(world, &carol, ago, "key_changed")).collect();
        for (position, state) in [(1, "archived"), (2, "read")] {
            let message = format!("{path}/{}", messages[position]);
            client.patch(&message, json!({"state": state})).await.expect(200);
        }
        let (past, foreign) = (
            add_message(world, &carol, 30 * DAY + 5, "key_changed"),
            add_message(world, &dave, 1, "key_changed"),
        );
        let mut expected = world.items();
        for item in &mut expected {
            let id = item.get("message_id").cloned().unwrap_or_default();
            if item.get("state") == Some(&json!("unread")) && id != past.as_str() && id != foreign.as_str() {
                item.insert("state".to_owned(), json!("read"));
            }
        }
        for path in [&path, &path, &inbox(&organization, &carol)] {
            let answer = client.patch(path, read()).await.expect(200);
            assert_eq!(answer, json!({"unread": 0, "next_cursor": null}));
            assert!(world.items() == expected, "{:?}", world.items_of("INBOX#"));
        }
        assert_eq!(ids(&client.get(&format!("{path}?state=archived")).await.expect(200)), [&messages[1]]);
    });
}

#[test]
fn more_messages_than_a_transaction_holds_become_read_by_one_request() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.invite("carol").await;
        add_many(world, &carol, 201);
        let (client, path) = (world.person("carol"), inbox(&organization, "me"));
        assert_eq!(client.get(&path).await.expect(200)["unread"], 201);
        world.stack.calls().clear();
        assert_eq!(client.patch(&path, read()).await.expect(200), json!({"unread": 0, "next_cursor": null}));
        let calls = world.stack.calls().by_function("manage-inbox");
        let writes = calls.iter().filter(|call| call.operation == "TransactWriteItems");
        assert_eq!((writes.count(), stored(world, "unread"), stored(world, "read")), (3, 0, 201));
        // What is counted after the change is read strongly.
        let counts = calls.iter().rfind(|call| call.operation == "Query").unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&counts.request).unwrap()["ConsistentRead"], true);
        assert_eq!(client.get(&path).await.expect(200)["unread"], 0);
    });
}

#[test]
fn a_whole_inbox_becomes_read_and_nothing_else() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.invite("carol").await;
        add_many(world, &carol, 2);
        let (client, path) = (world.person("carol"), inbox(&organization, "me"));
        for (body, field, rule) in [
            (json!({}), "state", "must be given"),
            (json!({"state": "archived"}), "state", "must be read"),
            (json!({"state": "unread"}), "state", "must be read"),
            (json!({"state": "READ"}), "state", "must be read"),
            (json!({"state": null}), "state", "must be read"),
            (json!({"state": "read", "message_id": "x"}), "message_id", "unknown field"),
        ] {
            client.patch(&path, body).await.expect_invalid(field, rule);
        }
        let page = client.get(&format!("{path}?limit=1")).await.expect(200);
        let of_list = format!("cursor={}", page["next_cursor"].as_str().unwrap());
        for (query, field, rule) in [
            ("state=unread", "state", "it takes cursor"),
            ("limit=1", "limit", "it takes cursor"),
            ("cursor=x", "cursor", "next_cursor"),
            (&of_list, "cursor", "next_cursor"),
        ] {
            client.patch(&format!("{path}?{query}"), read()).await.expect_invalid(field, rule);
        }
        let body = json!({"name": "k", "expires_in_days": 1, "roles": []});
        let key = client.post(&organization.keys_of("me"), body).await.expect(201);
        let narrowed = world.key(key["secret"]["token"].as_str().unwrap());
        narrowed.patch(&path, read()).await.expect_problem(403, "forbidden");
        assert_eq!(stored(world, "unread"), 2);
    });
}

#[test]
fn a_cursor_leads_to_the_messages_behind_the_newest_thousand() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.invite("carol").await;
        let newest = (1..=1_000).map(|ago| {
            let mut message = message(world, &carol, ago, "key_changed");
            message["state"]["S"] = json!("read");
            message
        });
        world.put_all(newest);
        // Far behind them, so that a second that passes meanwhile changes no order.
        world.put_all((1_101..=1_103).map(|ago| message(world, &carol, ago, "key_changed")));
        let (client, path) = (world.person("carol"), inbox(&organization, "me"));
        let first = client.patch(&path, read()).await.expect(200);
        assert_eq!((&first["unread"], stored(world, "unread")), (&json!(0), 3));
        add_message(world, &carol, 0, "key_changed");
        let rest = format!("{path}?cursor={}", first["next_cursor"].as_str().unwrap());
        let last = client.patch(&rest, read()).await.expect(200);
        assert_eq!(last, json!({"unread": 1, "next_cursor": null}));
        assert_eq!(stored(world, "unread"), 1);

        let foreign = organization.owner.patch(&rest, read()).await;
        foreign.expect_invalid("cursor", "next_cursor");
        let listed = client.get(&format!("{path}?limit=1")).await.expect(200);
        let of_list = format!("{path}?cursor={}", listed["next_cursor"].as_str().unwrap());
        client.patch(&of_list, read()).await.expect_invalid("cursor", "next_cursor");
    });
}

#[test]
fn a_request_that_fails_on_its_way_is_finished_by_its_repetition() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.invite("carol").await;
        let archived =
            format!("{}/{}", inbox(&organization, "me"), add_message(world, &carol, 0, "key_changed"));
        world.person("carol").patch(&archived, json!({"state": "archived"})).await.expect(200);
        let (client, path) = (world.person("carol"), inbox(&organization, "me"));
        // 101 messages take two transactions. The second one is never made, or never answered; or none is, however
        // often it is tried.
        for (effect, when, status, left) in [
            (Effect::KillBefore, When::Nth(2), 500, 1),
            (Effect::KillAfter, When::Nth(2), 500, 0),
            (Effect::LoseReply, When::Always, 503, 1),
            (Effect::Throttle, When::Always, 503, 101),
        ] {
            add_many(world, &carol, 101);
            let fault = Fault::on(Service::DynamoDb, effect.clone()).operation("TransactWriteItems");
            world.stack.faults().add(fault.function("manage-inbox").when(when));
            assert_eq!(client.patch(&path, read()).await.status, status, "{effect:?}");
            world.stack.faults().clear();
            assert_eq!(stored(world, "unread"), left, "{effect:?}");
            assert_eq!(client.patch(&path, read()).await.expect(200)["unread"], 0, "{effect:?}");
            assert_eq!((stored(world, "unread"), stored(world, "archived")), (0, 1), "{effect:?}");
        }
    });
}

#[test]
fn a_state_that_is_set_meanwhile_stays() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.invite("carol").await;
        let [archived, deleted, _] = [1, 2, 3].map(|ago| add_message(world, &carol, ago, "key_changed"));
        let (client, path) = (world.person("carol"), inbox(&organization, "me"));
        let meanwhile = async {
            let message = format!("{path}/{archived}");
            client.patch(&message, json!({"state": "archived"})).await.expect(200);
            client.delete(&format!("{path}/{deleted}")).await.expect(204);
        };
        let write = ("manage-inbox", "TransactWriteItems", 1);
        let (answer, ()) = world.while_held(write, client.patch(&path, read()), meanwhile).await;
        assert_eq!(answer.expect(200), json!({"unread": 0, "next_cursor": null}));
        assert_eq!([stored(world, "archived"), stored(world, "read"), stored(world, "unread")], [1, 1, 0]);
        assert_eq!(world.items_of("INBOX#").len(), 2);
    });
}

#[test]
fn one_message_is_marked_while_a_transaction_changes_it() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.invite("carol").await;
        let id = add_message(world, &carol, 1, "key_changed");
        let client = world.person("carol");
        let conflict = Fault::on(Service::DynamoDb, Effect::TransactionConflict { position: 0 });
        let conflict = conflict.operation("UpdateItem").function("manage-inbox");
        world.stack.faults().add(conflict.when(When::First(3)));
        let message = format!("{}/{id}", inbox(&organization, "me"));
        let marked = client.patch(&message, json!({"state": "archived"})).await.expect(200);
        assert_eq!((&marked["state"], world.stack.faults().struck()), (&json!("archived"), 3));
    });
}
