//! `GET …/audit-events`.

use kit::{Client, DAY, Organization, World, run};
use serde_json::{Value, json};

fn events(organization: &Organization) -> String {
    format!("{}/audit-events", organization.path)
}

/// Reads all pages of a list.
async fn all(client: &Client, path: &str, query: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (vec![], String::new());
    loop {
        let page = client.get(&format!("{path}?{query}{cursor}")).await.expect(200);
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

fn actions(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["action"].as_str().unwrap()).collect()
}

/// Writes the time so many seconds from now, to the second, as a parameter has it.
fn at(world: &World, seconds: i64) -> String {
    world.travel(seconds);
    world.stack.clock().now_text()
}

/// Stores an event of a made-up action, so many seconds ago.
fn store(world: &World, organization_id: &str, ago: i64, action: &str) {
    let at = world.stack.clock().now().as_second() - ago;
    let milliseconds = u64::try_from(at).unwrap() * 1000;
    let id = ulid::Ulid::from_parts(milliseconds, ulid::Ulid::generate().random()).to_string();
    let named = |kind: &str| json!({"M": {"type": {"S": kind}, "id": {"S": "x"}, "name": {"S": "x"}}});
    world.put(&json!({
        "PK": {"S": format!("ORG#{organization_id}#AUDIT")}, "SK": {"S": id}, "audit_id": {"S": id},
        "organization_id": {"S": organization_id}, "at": {"N": at.to_string()}, "actor": named("user"),
        "action": {"S": action}, "target": named("user"), "effect": {"S": "other"}, "source_ip": {"S": "192.0.2.1"},
        "request_id": {"S": "r"}, "changes": {"M": {}}, "ttl": {"N": (at + 400 * DAY).to_string()},
    }));
}

/// Makes a machine with a key and revokes it, a minute between each step.
async fn revoked_key(world: &World, organization: &Organization) -> Value {
    world.travel(60);
    let machine = organization.machine("ci").await;
    world.travel(120);
    let key = organization.key(&machine, 90).await;
    world.travel(180);
    organization
        .owner
        .post(&format!("{}/revoke", organization.key_path(&key)), json!(null))
        .await
        .expect(200);
    key
}

#[test]
fn events_are_listed_newest_first_and_say_who_did_what_on_what_from_where() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = revoked_key(world, &organization).await;
        let owner = &organization.owner;
        let page = owner.get(&events(&organization)).await.expect(200);
        assert_eq!(page["next_cursor"], Value::Null);
        let items = page["items"].as_array().unwrap();
        assert_eq!(
            actions(&items[..3]),
            ["access_key.revoked", "access_key.created", "user.created"],
            "{items:?}"
        );
        assert_eq!(items.len(), world.items().iter().filter(|item| item.contains_key("audit_id")).count());

        let alice = owner.get(&organization.user_path("me")).await.expect(200);
        let stored = &world.audit("access_key.created")[0];
        assert_eq!(
            items[1],
            json!({
                "audit_id": stored["audit_id"], "at": key["created_at"],
                "actor": {"type": "user", "id": alice["user_id"], "name": "alice"},
                "action": "access_key.created", "target": {"type": "access_key", "id": key["key_id"]},
                "source_ip": stored["source_ip"], "request_id": stored["request_id"],
                "changes": stored["changes"],
            })
        );
        assert_eq!(items[1]["changes"]["expires_at"], key["expires_at"]);
        let effects = [&world.audit("access_key.created")[0], &world.audit("access_key.revoked")[0]];
        assert_eq!(effects.map(|event| &event["effect"]), ["other", "revoked"]);
        assert_ne!((&items[1]["source_ip"], &items[1]["request_id"]), (&json!(""), &json!("")));
    });
}

#[test]
fn events_are_found_by_actor_action_target_and_time() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = revoked_key(world, &organization).await;
        organization.invite_as("bob", "owner").await;
        let bob = world.person("bob");
        let bob_id = bob.get(&organization.user_path("me")).await.expect(200)["user_id"].clone();
        let minute = at(world, 240);
        bob.delete(&organization.key_path(&key)).await.expect(204);
        let (path, owner) = (events(&organization), &organization.owner);
        let (key_id, bob_id) = (key["key_id"].as_str().unwrap(), bob_id.as_str().unwrap());
        let deleted = owner.get(&format!("{path}?action=access_key.deleted")).await.expect(200);
        let deleted_at = deleted["items"][0]["at"].as_str().unwrap().to_owned();
        let created_at = key["created_at"].as_str().unwrap();
        for (query, found) in [
            (
                format!("target={key_id}"),
                vec!["access_key.deleted", "access_key.revoked", "access_key.created"],
            ),
            (format!("target={key_id}&action=access_key.created"), vec!["access_key.created"]),
            (format!("target={key_id}&actor={bob_id}"), vec!["access_key.deleted"]),
            (format!("actor={bob_id}&action=access_key.revoked"), vec![]),
            (format!("since={minute}"), vec!["access_key.deleted"]),
            (format!("since={deleted_at}"), vec!["access_key.deleted"]),
            (format!("target={key_id}&until={deleted_at}"), vec!["access_key.revoked", "access_key.created"]),
            (
                format!("target={key_id}&since={created_at}&until={deleted_at}"),
                vec!["access_key.revoked", "access_key.created"],
            ),
            (format!("target={key_id}&until={created_at}"), vec![]),
            ("since=2100-01-01T00:00:00Z".to_owned(), vec![]),
            ("until=2000-01-01T00:00:00Z".to_owned(), vec![]),
        ] {
            for limit in [1, 50] {
                let listed = all(owner, &path, &format!("{query}&limit={limit}")).await;
                assert_eq!(actions(&listed), found, "{query} {limit}");
            }
        }
        let full = owner.get(&format!("{path}?target={key_id}&limit=3")).await.expect(200);
        assert_eq!((full["items"].as_array().unwrap().len(), &full["next_cursor"]), (3, &Value::Null));
    });
}

#[test]
fn a_page_after_another_goes_on_where_it_stopped_and_a_cursor_holds_for_its_filters() {
    run(async |world| {
        let (first, second) =
            (world.organization("alice", "strict").await, world.organization("bob", "strict").await);
        revoked_key(world, &first).await;
        let (owner, path) = (&first.owner, events(&first));
        let whole = all(owner, &path, "limit=100").await;
        assert!(whole.len() >= 4, "{whole:?}");
        for limit in [1, 2, 3] {
            assert_eq!(all(owner, &path, &format!("limit={limit}")).await, whole);
        }
        let page = owner.get(&format!("{path}?limit=1&since=2000-01-01T00:00:00Z")).await.expect(200);
        let cursor = page["next_cursor"].as_str().unwrap();
        for query in ["", "since=2000-01-02T00:00:00Z&", "until=2000-01-01T00:00:00Z&"] {
            owner
                .get(&format!("{path}?{query}cursor={cursor}"))
                .await
                .expect_invalid("cursor", "next_cursor");
        }
        let foreign = format!("{}?since=2000-01-01T00:00:00Z&cursor={cursor}", events(&second));
        second.owner.get(&foreign).await.expect_invalid("cursor", "next_cursor");
    });
}

#[test]
fn a_page_costs_one_bounded_query_however_rare_what_it_looks_for_is() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        store(world, &organization.id, 5_000, "needle.found");
        for ago in 100..1_300 {
            store(world, &organization.id, ago, "hay.stacked");
        }
        let path = format!("{}?action=needle.found", events(&organization));
        world.stack.calls().clear();
        let page = organization.owner.get(&path).await.expect(200);
        assert_eq!(page["items"], json!([]));
        let calls = world.stack.calls().by_function("list-audit-events");
        assert_eq!(calls.iter().filter(|call| call.operation == "Query").count(), 1);
        let next = format!("{path}&cursor={}", page["next_cursor"].as_str().unwrap());
        let page = organization.owner.get(&next).await.expect(200);
        assert_eq!((page["items"].as_array().unwrap().len(), &page["next_cursor"]), (1, &Value::Null));

        let many = all(&organization.owner, &events(&organization), "action=hay.stacked&limit=100").await;
        let mut ids: Vec<_> = many.iter().map(|event| event["audit_id"].as_str().unwrap()).collect();
        assert!(ids.is_sorted_by(|newer, older| newer > older));
        ids.dedup();
        assert_eq!(ids.len(), 1_200);
    });
}

#[test]
fn events_are_gone_after_four_hundred_days_though_they_are_still_stored() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        store(world, &organization.id, 400 * DAY + 5, "old.forgotten");
        store(world, &organization.id, 400 * DAY - 600, "old.kept");
        let path = events(&organization);
        let listed = all(&organization.owner, &path, "limit=1").await;
        assert_eq!(listed.last().unwrap()["action"], "old.kept");
        let since = all(&organization.owner, &path, "since=2000-01-01T00:00:00Z&action=old.forgotten").await;
        assert_eq!(since, [] as [Value; 0]);

        let page = organization.owner.get(&format!("{path}?limit=1")).await.expect(200);
        let cursor = page["next_cursor"].as_str().unwrap();
        world.travel(400 * DAY + 60);
        let alice = world.person("alice");
        let next = alice.get(&format!("{path}?limit=1&cursor={cursor}")).await.expect(200);
        assert_eq!(next, json!({"items": [], "next_cursor": null}));
        assert_eq!(all(&alice, &path, "limit=50").await, [] as [Value; 0]);
        assert_eq!(world.audit("old.kept").len(), 1);
    });
}

#[test]
fn only_those_with_the_permission_read_events_and_only_of_their_organization() {
    run(async |world| {
        let (first, second) =
            (world.organization("alice", "strict").await, world.organization("bob", "strict").await);
        first.invite("carol").await;
        let key = first.machine_key().await;
        let path = events(&first);
        world.person("carol").get(&path).await.expect_problem(403, "forbidden");
        let machine = world.key(key["secret"]["token"].as_str().unwrap());
        machine.get(&path).await.expect_problem(403, "forbidden");
        second.owner.get(&path).await.expect_forbidden_by_gateway();
        world.anonymous().get(&path).await.expect_forbidden_by_gateway();

        let target = key["key_id"].as_str().unwrap();
        assert_eq!(all(&first.owner, &path, &format!("target={target}")).await.len(), 1);
        assert_eq!(all(&second.owner, &events(&second), &format!("target={target}")).await, [] as [Value; 0]);
    });
}

#[test]
fn a_machine_whose_role_permits_it_reads_events() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.role("auditor", &["audit:read"]).await;
        let key = json!([{"name": "k", "expires_in_days": 1}]);
        let machine = json!({"kind": "machine", "name": "siem", "roles": ["auditor"], "access_keys": key});
        let path = format!("{}/users", organization.path);
        let machine = organization.owner.post(&path, machine).await.expect(201);
        world.forget_organizations().await;
        let client = world.key(machine["access_keys"][0]["secret"]["token"].as_str().unwrap());
        let (read, path) = (client.get(&events(&organization)).await.expect(200), events(&organization));
        assert_eq!(read, organization.owner.get(&path).await.expect(200));
    });
}

#[test]
fn bad_filters_are_named_by_field_and_rule() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        for (query, field, rule) in [
            ("actor=", "actor", "must be an id"),
            ("actor=a%20b", "actor", "must be an id"),
            ("target=%C3%A9", "target", "must be an id"),
            ("action=created", "action", "such as access_key.created"),
            ("since=yesterday", "since", "RFC 3339"),
            ("until=2026-01-01", "until", "RFC 3339"),
            ("since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", "until", "later than since"),
            ("since=2026-01-02T00:00:00Z&since=2026-01-03T00:00:00Z", "since", "once"),
            ("limit=0", "limit", "1 to 100"),
            ("who=alice", "who", "actor, action, target, since, until, limit, cursor"),
        ] {
            let path = format!("{}?{query}", events(&organization));
            organization.owner.get(&path).await.expect_invalid(field, rule);
        }
    });
}
