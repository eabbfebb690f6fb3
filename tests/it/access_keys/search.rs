//! The filter `q` of the lists of keys: by text, by id, and what a search reads.

use kit::{Client, Organization, World, run};
use serde_json::{Value, json};

use crate::{
    reads::{Reads, reads_of},
    tokens::token,
};

fn text<'a>(object: &'a Value, member: &str) -> &'a str {
    object[member].as_str().unwrap()
}

/// Lists the names of the keys that a search finds, by pages of this limit.
async fn found(client: &Client, path: &str, query: &str, limit: usize) -> Vec<String> {
    let keys = client.pages(&format!("{path}?{query}&limit={limit}")).await;
    keys.iter().map(|key| text(key, "name").to_owned()).collect()
}

fn all(organization: &Organization) -> String {
    format!("{}/access-keys", organization.path)
}

/// Makes a key of a user with this name, description and expiry.
async fn make(
    organization: &Organization,
    user_id: &str,
    name: &str,
    description: Value,
    days: i64,
) -> Value {
    let mut body = json!({"name": name, "expires_in_days": days});
    if !description.is_null() {
        body["description"] = description;
    }
    organization.owner.post(&organization.keys_of(user_id), body).await.expect(201)
}

#[test]
fn keys_are_found_by_a_part_of_their_name_or_description_whatever_its_case() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let owner = &organization.owner;
        let machine = organization.machine("Robot").await;
        make(&organization, "me", "Deploy Zoë", json!("für die Straße"), 10).await;
        make(&organization, &machine, "nightly", json!("deploys to prod"), 20).await;
        let revoked = make(&organization, &machine, "old deploy", Value::Null, 30).await;
        let revoke = format!("{}/revoke", organization.key_path(&revoked));
        owner.post(&revoke, Value::Null).await.expect(200);
        for (query, expected, of_machine) in [
            ("q=DEPLOY", vec!["Deploy Zoë", "nightly", "old deploy"], 2),
            ("q=deploy&status=active", vec!["Deploy Zoë", "nightly"], 1),
            ("q=STRASSE", vec!["Deploy Zoë"], 0),
            ("q=zoe\u{308}", vec!["Deploy Zoë"], 0),
            ("q=to prod", vec!["nightly"], 1),
            ("q=deploy&expires_before=2020-01-01T00:00:00Z", vec![], 0),
            ("q=nightly&unused_since=2020-01-01T00:00:00Z", vec!["nightly"], 1),
            // The user's name is not the key's.
            ("q=robot", vec![], 0),
            ("q=alice", vec![], 0),
        ] {
            for limit in [1, 100] {
                assert_eq!(
                    found(owner, &all(&organization), query, limit).await,
                    expected,
                    "{query} {limit}"
                );
                let own = found(owner, &organization.keys_of(&machine), query, limit).await;
                assert_eq!(own.len(), of_machine, "{query} {limit}");
            }
        }
        let machines = found(owner, &all(&organization), "q=deploy&kind=machine", 1).await;
        assert_eq!(machines, ["nightly", "old deploy"]);
        // What a search finds is what it is now.
        let path = organization.key_path(&revoked);
        owner.delete(&path).await.expect(204);
        assert_eq!(found(owner, &all(&organization), "q=old", 1).await, [""; 0]);
        owner.delete(&organization.user_path(&machine)).await.expect(204);
        assert_eq!(found(owner, &all(&organization), "q=deploy", 1).await, ["Deploy Zoë"]);
    });
}

/// Makes a machine with three keys, and others whose names hold its id. Returns the keys by key id.
async fn with_named_keys(world: &World) -> (Organization, Vec<Value>) {
    let organization = world.organization("alice", "flexible").await;
    let policy = json!({"policy": {"quota": {"machine": 10}}});
    organization.owner.patch(&organization.path, policy).await.expect(200);
    let machine = organization.machine("ci").await;
    let mut keys = vec![];
    for (name, days) in [("a", 90), ("b", 10), ("c", 50)] {
        keys.push(make(&organization, &machine, name, Value::Null, days).await);
    }
    keys.sort_by_key(|key| key["key_id"].to_string());
    make(&organization, "me", "mentions", json!(format!("see ak_{}", text(&keys[0], "key_id"))), 5).await;
    (organization, keys)
}

#[test]
fn keys_are_found_by_the_start_of_their_id_before_all_others_and_once() {
    run(async |world| {
        let (organization, keys) = with_named_keys(world).await;
        let other = world.organization("bob", "flexible").await;
        let (owner, list) = (&organization.owner, all(&organization));
        let (user_id, key_id) = (text(&keys[0], "user_id"), text(&keys[0], "key_id"));
        let own = organization.keys_of(user_id);
        let names = |from: &[Value]| from.iter().map(|key| text(key, "name").to_owned()).collect::<Vec<_>>();
        for (length, prefix, limits) in [(12, "", [1, 2, 3]), (13, "ak_", [1, 2, 100]), (20, "", [1, 2, 3])] {
            let start = &key_id[..length];
            let with_id: Vec<_> =
                keys.iter().filter(|key| text(key, "key_id").starts_with(start)).cloned().collect();
            assert!(length > 12 || with_id.len() == 3);
            let query = format!("q={prefix}{start}");
            let mut expected = names(&with_id);
            assert_eq!(found(owner, &own, &query, 1).await, expected, "{query}");
            expected.push("mentions".to_owned());
            for limit in limits {
                assert_eq!(found(owner, &list, &query, limit).await, expected, "{query} {limit}");
            }
            // Keys of another user, and of another organization, are not found.
            assert_eq!(found(owner, &organization.keys_of("me"), &query, 1).await, ["mentions"]);
            assert_eq!(found(&other.owner, &all(&other), &query, 100).await, [""; 0], "{query}");
            assert_eq!(found(&other.owner, &other.keys_of("me"), &query, 100).await, [""; 0], "{query}");
        }
        assert_eq!(found(owner, &list, &format!("q={key_id}&kind=owner"), 1).await, ["mentions"]);
        assert_eq!(found(owner, &list, &format!("q={user_id}&status=revoked"), 1).await, [""; 0]);
        let wrong = format!("{}0000000", &key_id[..13]);
        assert_eq!(found(owner, &list, &format!("q={wrong}"), 1).await, [""; 0]);
        let first = owner.get(&format!("{list}?q={key_id}&limit=1")).await.expect(200);
        assert_eq!(first["items"][0]["key_id"], keys[0]["key_id"]);
        // A name that looks like an id is found by its text.
        make(&organization, "me", "DeployService", Value::Null, 5).await;
        assert_eq!(found(owner, &list, "q=deployservice", 1).await, ["DeployService"]);
        // Keys of a deleted user are gone, whatever remains of them.
        let user = format!("USER#{user_id}");
        world.set((&user, "USER"), "status", &json!({"S": "deleted"}));
        assert_eq!(found(owner, &list, &format!("q={key_id}"), 1).await, ["mentions"]);
        owner.get(&own).await.expect_problem(404, "not_found");
    });
}

#[test]
fn a_search_of_keys_has_1_to_100_characters_and_holds_no_credential() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let key = organization.machine_key().await;
        let owner = &organization.owner;
        for path in [all(&organization), organization.keys_of(text(&key, "user_id"))] {
            let list = |text: &str| format!("{path}?q={text}");
            for text in [String::new(), "x".repeat(101), "%C3%A9".repeat(101)] {
                owner.get(&list(&text)).await.expect_invalid("q", "must be 1 to 100 characters");
            }
            owner.get(&list(&"%C3%A9".repeat(100))).await.expect(200);
            owner.get(&list(token(&key))).await.expect_forbidden_by_gateway();
            owner.get(&list(&format!("ak_{}", text(&key, "key_id")))).await.expect(200);
        }
    });
}

#[test]
fn a_cursor_belongs_to_one_search_of_keys_wherever_it_has_come() {
    run(async |world| {
        let (organization, keys) = with_named_keys(world).await;
        let (owner, user_id) = (&organization.owner, text(&keys[0], "user_id"));
        let others =
            ["q=ak_", "status=active", "q=x", &format!("q={user_id}&status=active")].map(str::to_owned);
        for list in [all(&organization), organization.keys_of(user_id)] {
            // Cursors amid the keys that the id names, after them, and amid the others.
            for (query, limit) in
                [(format!("q={user_id}"), 1), (format!("q={user_id}"), 3), ("q=a".to_owned(), 1)]
            {
                let page = owner.get(&format!("{list}?{query}&limit={limit}")).await.expect(200);
                let Some(cursor) = page["next_cursor"].as_str() else { continue };
                owner.get(&format!("{list}?{query}&cursor={cursor}")).await.expect(200);
                for other in &others {
                    let path = format!("{list}?{other}&cursor={cursor}");
                    owner.get(&path).await.expect_invalid("cursor", "next_cursor");
                }
            }
        }
    });
}

/// Reads all pages of a list, and checks what each reads.
async fn bounded_pages(
    world: &World,
    client: &Client,
    path: &str,
    check: impl Fn(&Reads, usize),
) -> (Vec<Value>, usize) {
    let (mut items, mut cursor, mut pages) = (vec![], String::new(), 0);
    loop {
        world.stack.calls().clear();
        let page = client.get(&format!("{path}{cursor}")).await.expect(200);
        let listed = page["items"].as_array().unwrap();
        check(&reads_of(world, "list-access-keys"), listed.len());
        items.extend(listed.iter().map(|key| key["key_id"].clone()));
        pages += 1;
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return (items, pages),
        }
    }
}

#[test]
fn a_search_of_many_keys_reads_strongly_what_it_finds_and_nothing_else() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let (owner, machine) = (&organization.owner, organization.machine("worker").await);
        let key = organization.key(&machine, 30).await;
        world.copy_user(&machine, 110);
        let needle = make(&organization, "me", "needle", Value::Null, 200).await;
        let list = all(&organization);
        let (seen, pages) = bounded_pages(world, owner, &format!("{list}?q=NEEDLE"), |reads, items| {
            assert!(reads.queries <= 5 && reads.eventual <= 200, "{reads:?}");
            // Each key with its user.
            assert_eq!((reads.strong, reads.strong_queries), (2 * items, 0));
        })
        .await;
        assert_eq!((seen, pages), (vec![needle["key_id"].clone()], 2));
        // A page that is full reads no more.
        world.stack.calls().clear();
        let page = owner.get(&format!("{list}?q=key&limit=30")).await.expect(200);
        assert_eq!(page["items"].as_array().unwrap().len(), 30);
        let reads = reads_of(world, "list-access-keys");
        assert!(reads.queries == 1 && reads.eventual <= 80 && reads.strong == 60, "{reads:?}");
        // An id is looked up directly, on the first page. Then nothing of the index is read.
        world.stack.calls().clear();
        let path = format!("{list}?q={}&limit=1", text(&needle, "key_id"));
        assert_eq!(owner.get(&path).await.expect(200)["items"][0]["name"], "needle");
        let expected = Reads { queries: 1, strong_queries: 1, eventual: 0, strong: 2 };
        assert_eq!(reads_of(world, "list-access-keys"), expected);

        // The keys of one user.
        let path = organization.key_path(&key);
        owner.post(&format!("{path}/revoke"), Value::Null).await.expect(200);
        world.copy_key(text(&key, "key_id"), 700);
        let second = make(&organization, &machine, "second", Value::Null, 60).await;
        let own = organization.keys_of(&machine);
        let (seen, pages) = bounded_pages(world, owner, &format!("{own}?q=second"), |reads, items| {
            assert!(reads.queries <= 10 && reads.eventual == 0, "{reads:?}");
            assert_eq!((reads.strong, reads.strong_queries), (items, 0));
        })
        .await;
        assert_eq!((seen, pages), (vec![second["key_id"].clone()], 2));
        for list in [&own, &list] {
            let path = format!("{list}?q={}&limit=1", text(&second, "key_id"));
            assert_eq!(owner.get(&path).await.expect(200)["items"][0]["name"], "second");
        }
        world.stack.calls().clear();
        let page = owner.get(&format!("{list}?limit=30&q={machine}")).await.expect(200);
        assert_eq!(page["items"].as_array().unwrap().len(), 30);
        assert!(page["items"].as_array().unwrap().iter().all(|key| key["user_id"] == machine.as_str()));
        let reads = reads_of(world, "list-access-keys");
        assert!(reads.queries <= 10 && reads.eventual <= 200, "{reads:?}");
    });
}

#[test]
fn a_key_that_changes_while_it_is_searched_for_is_shown_as_it_is_now_or_not_at_all() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let owner = &organization.owner;
        let machine = organization.machine("ci").await;
        let (old, kept) = ("old name", "old too");
        let renamed = make(&organization, &machine, old, Value::Null, 10).await;
        make(&organization, &machine, kept, Value::Null, 20).await;
        let path = organization.key_path(&renamed);
        // The strong read comes after an eventual one: of a batch, or of a query.
        for (list, strong) in [(all(&organization), 2), (organization.keys_of(&machine), 1)] {
            for (body, shown) in [(json!({"description": "new"}), 2), (json!({"name": "new"}), 1)] {
                owner.patch(&path, json!({"name": old, "description": null})).await.expect(200);
                let read = ("list-access-keys", "BatchGetItem", strong);
                let query = format!("{list}?q=old");
                let (page, changed) =
                    world.while_held(read, owner.get(&query), owner.patch(&path, body)).await;
                let (page, changed) = (page.expect(200), changed.expect(200));
                let items = page["items"].as_array().unwrap();
                assert_eq!((items.len(), items.contains(&changed)), (shown, shown == 2), "{list}");
                assert!(items.iter().any(|key| key["name"] == kept));
            }
        }
    });
}
