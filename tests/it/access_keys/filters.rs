//! Filters of the lists of keys.

use std::collections::BTreeSet;

use kit::{DAY, Organization, World, run};
use serde_json::{Value, json};

/// Two machines, a person and an owner with keys in every state, by name.
async fn populated(world: &World) -> Organization {
    let organization = world.organization("alice", "flexible").await;
    let (owner, policy) = (&organization.owner, json!({"policy": {"quota": {"machine": 10}}}));
    owner.patch(&organization.path, policy).await.expect(200);
    let machine = organization.machine("ci").await;
    for (name, body) in [
        ("day", json!({"expires_in_days": 1})),
        ("month", json!({"expires_in_days": 30})),
        ("revoked day", json!({"expires_in_days": 1})),
        ("revoked month", json!({"expires_in_days": 30})),
        ("off day", json!({"expires_in_days": 1})),
        ("off month", json!({"expires_in_days": 30})),
        ("lasting", json!({"never_expires": true})),
    ] {
        let mut body = body;
        body["name"] = json!(name);
        let key = owner.post(&organization.keys_of(&machine), body).await.expect(201);
        let path = organization.key_path(&key);
        if name.starts_with("revoked") {
            owner.post(&format!("{path}/revoke"), Value::Null).await.expect(200);
        } else if name.starts_with("off") {
            owner.patch(&path, json!({"active": false})).await.expect(200);
        } else if name == "month" {
            world.key(key["secret"]["token"].as_str().unwrap()).get("/v1/whoami").await.expect(200);
        }
    }
    organization.invite("carol").await;
    for (client, name) in [(owner, "owner's"), (&world.person("carol"), "carol's")] {
        let body = json!({"name": name, "expires_in_days": 60});
        client.post(&organization.keys_of("me"), body).await.expect(201);
    }
    organization
}

/// Lists the names of the keys that a query finds, with pages of one and of many alike.
async fn names(world: &World, path: &str, query: &str) -> BTreeSet<String> {
    let alice = world.person("alice");
    let name = |key: &Value| key["name"].as_str().unwrap().to_owned();
    let found: Vec<_> = alice.pages(&format!("{path}?{query}&limit=100")).await.iter().map(name).collect();
    let singly: Vec<_> = alice.pages(&format!("{path}?{query}&limit=1")).await.iter().map(name).collect();
    assert_eq!(found, singly, "{query}");
    let distinct: BTreeSet<String> = found.iter().cloned().collect();
    assert_eq!(distinct.len(), found.len(), "{query}");
    distinct
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn keys_are_found_by_state_kind_expiry_and_use_and_by_all_of_them() {
    run(async |world| {
        let organization = populated(world).await;
        world.travel(2 * DAY);
        let at = |days: i64| world.stack.clock().now() + jiff::SignedDuration::from_hours(24 * days);
        let at = |days| format!("{}Z", at(days).to_string().split('.').next().unwrap().trim_end_matches('Z'));
        let (soon, ago) = (at(30), at(-1));
        let all = format!("{}/access-keys", organization.path);
        for (query, expected) in [
            ("status=active", &["month", "lasting", "owner's", "carol's"][..]),
            ("status=inactive", &["off month"]),
            ("status=expired", &["day", "off day"]),
            ("status=revoked", &["revoked day", "revoked month"]),
            ("kind=owner", &["owner's"]),
            ("kind=normal", &["carol's"]),
            (
                "kind=machine",
                &["day", "month", "revoked day", "revoked month", "off day", "off month", "lasting"],
            ),
            (
                &format!("expires_before={soon}"),
                &["day", "month", "revoked day", "revoked month", "off day", "off month"],
            ),
            (&format!("expires_before={}", at(0)), &["day", "revoked day", "off day"]),
            (&format!("unused_since={ago}&status=active"), &["month", "lasting", "owner's", "carol's"]),
            (&format!("unused_since={}&status=active", at(-3)), &["lasting", "owner's", "carol's"]),
            (&format!("status=active&expires_before={soon}"), &["month"]),
            (&format!("status=active&kind=machine&expires_before={}", at(100)), &["month"]),
            (&format!("status=expired&expires_before={}", at(-2)), &[]),
            (&format!("status=active&expires_before={}", at(-1)), &[]),
            ("status=expired&kind=owner", &[]),
            ("status=revoked&unused_since=1970-01-01T00:00:00Z", &["revoked day", "revoked month"]),
        ] {
            assert_eq!(names(world, &all, query).await, set(expected), "{query}");
        }
    });
}

#[test]
fn the_keys_of_one_user_take_the_same_filters_except_the_kind() {
    run(async |world| {
        let organization = populated(world).await;
        world.travel(2 * DAY);
        let machine = world.items_of("USER").into_iter().find(|user| user["kind"] == "machine").unwrap();
        let keys = organization.keys_of(machine["user_id"].as_str().unwrap());
        for (query, expected) in [
            ("status=active", &["month", "lasting"][..]),
            ("status=expired", &["day", "off day"]),
            ("status=active&unused_since=1970-01-01T00:00:01Z", &["lasting"]),
            ("status=inactive&expires_before=2400-01-01T00:00:00%2B01:00", &["off month"]),
        ] {
            assert_eq!(names(world, &keys, query).await, set(expected), "{query}");
        }
        let alice = world.person("alice");
        alice.get(&format!("{keys}?kind=machine")).await.expect_invalid("kind", "not a parameter");
        let bare = organization.keys_of(&machine_without_keys(world, &organization).await);
        assert_eq!(alice.get(&format!("{bare}?status=active")).await.expect(200)["items"], json!([]));
    });
}

async fn machine_without_keys(world: &World, organization: &Organization) -> String {
    let body = json!({"kind": "machine", "name": "bare"});
    let made = world.person("alice").post(&format!("{}/users", organization.path), body).await.expect(201);
    made["user_id"].as_str().unwrap().to_owned()
}

#[test]
fn bad_values_are_named_by_field_and_rule() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        for path in [format!("{}/access-keys", organization.path), organization.keys_of("me")] {
            for (query, field, rule) in [
                ("status=gone", "status", "active, inactive, expired or revoked"),
                ("status=", "status", "active, inactive, expired or revoked"),
                ("status=active&status=expired", "status", "once"),
                ("expires_before=soon", "expires_before", "RFC 3339"),
                ("expires_before=2030-01-01", "expires_before", "RFC 3339"),
                ("unused_since=2030-01-01T00:00:00", "unused_since", "RFC 3339"),
                ("unused_since=2030-01-01T00:00:00.5Z", "unused_since", "whole seconds"),
                ("state=active", "state", "not a parameter"),
            ] {
                organization.owner.get(&format!("{path}?{query}")).await.expect_invalid(field, rule);
            }
        }
        let path = format!("{}/access-keys?kind=robot", organization.path);
        organization.owner.get(&path).await.expect_invalid("kind", "owner, normal or machine");
    });
}

#[test]
fn a_filtered_list_shows_its_own_organization_and_takes_only_its_own_cursors() {
    run(async |world| {
        let first = world.organization("alice", "strict").await;
        let second = world.organization("bob", "strict").await;
        for _ in 0..3 {
            first.machine_key().await;
        }
        let theirs = second.machine_key().await;
        let list = |organization: &Organization| format!("{}/access-keys?status=active", organization.path);
        let shown = second.owner.pages(&list(&second)).await;
        assert_eq!(shown.iter().map(|key| &key["key_id"]).collect::<Vec<_>>(), [&theirs["key_id"]]);
        second.owner.get(&list(&first)).await.expect_forbidden_by_gateway();

        let page = first.owner.get(&format!("{}&limit=1", list(&first))).await.expect(200);
        let cursor = page["next_cursor"].as_str().unwrap();
        for path in [
            format!("{}/access-keys?cursor={cursor}", first.path),
            format!("{}/access-keys?status=expired&cursor={cursor}", first.path),
            format!("{}&kind=machine&cursor={cursor}", list(&first)),
            format!("{}?status=active&cursor={cursor}", first.keys_of("me")),
            format!("{}&cursor=A{cursor}", list(&first)),
            format!("{}&cursor={}", list(&first), cursor.to_lowercase()),
            format!("{}&cursor={}", list(&first), &cursor[..cursor.len() - 2]),
        ] {
            first.owner.get(&path).await.expect_invalid("cursor", "next_cursor");
        }
        second.owner.get(&format!("{}&cursor={cursor}", list(&second))).await.expect_invalid("cursor", "");
        first.owner.get(&format!("{}&cursor={cursor}", list(&first))).await.expect(200);
    });
}
