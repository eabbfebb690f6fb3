//! Effects of changes, as audit items store them.

use kit::{Client, DAY, Organization, World, run};
use serde_json::{Value, json};

/// Returns the actions and effects of the audit events of a target, oldest first.
fn effects(world: &World, target: &str) -> Vec<String> {
    let mut events = world.items();
    events.retain(|item| item.contains_key("audit_id") && item["target"]["id"] == target);
    events.sort_by_key(|event| event["SK"].to_string());
    for event in &events {
        assert_ne!((&event["source_ip"], &event["request_id"]), (&json!(""), &json!("")));
    }
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    events.iter().map(|event| format!("{} {}", text(&event["action"]), text(&event["effect"]))).collect()
}

async fn patch(client: &Client, path: &str, bodies: &[Value]) {
    for body in bodies {
        client.patch(path, body.clone()).await.expect(200);
    }
}

async fn put(client: &Client, path: &str, body: Value) {
    client.put(path, body).await.expect(200);
}

#[test]
fn each_change_of_a_key_is_stored_with_its_effect() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let (owner, bob) = (&organization.owner, organization.join_as(world, "bob", "normal").await);
        organization.role("reader", &["clusters:read"]).await;
        let bobs = world.person("bob");
        let body = json!({"name": "deploy", "expires_in_days": 30});
        let key = bobs.post(&organization.keys_of(&bob), body).await.expect(201);
        let path = organization.key_path(&key);
        patch(
            owner,
            &organization.user_path(&bob),
            &[
                json!({"roles": ["reader"]}),
                json!({"name": "Bob"}),
                json!({"roles": []}),
                json!({"kind": "owner"}),
            ],
        )
        .await;
        patch(
            &bobs,
            &path,
            &[
                json!({"name": "build"}),
                json!({"expires_in_days": 60}),
                json!({"expires_in_days": 40}),
                json!({"allowed_cidrs": ["127.0.0.0/8"], "expires_in_days": 50}),
                json!({"allowed_cidrs": null}),
                json!({"active": false}),
                json!({"active": true}),
                json!({"active": false, "expires_in_days": 90, "roles": ["reader"]}),
                json!({"active": true}),
            ],
        )
        .await;
        bobs.post(&format!("{path}/rotate"), json!({"overlap_seconds": DAY})).await.expect(200);
        bobs.post(&format!("{path}/revoke"), json!(null)).await.expect(200);
        bobs.delete(&path).await.expect(204);
        let updated =
            |effects: &[&str]| effects.iter().map(|one| format!("access_key.updated {one}")).collect();
        let mut expected: Vec<String> = updated(&[
            "other",
            "lifted",
            "shortened",
            "narrowed",
            "lifted",
            "switched_off",
            "lifted",
            "switched_off",
            "lifted",
        ]);
        expected.insert(0, "access_key.created other".to_owned());
        expected.extend(["rotated", "revoked", "deleted"].map(|one| format!("access_key.{one} {one}")));
        assert_eq!(effects(world, key["key_id"].as_str().unwrap()), expected);

        organization.join_as(world, "carol", "owner").await;
        patch(
            &world.person("carol"),
            &organization.user_path(&bob),
            &[
                json!({"status": "suspended"}),
                json!({"status": "active"}),
                json!({"kind": "normal", "roles": ["reader"]}),
            ],
        )
        .await;
        owner.delete(&organization.user_path(&bob)).await.expect(204);
        let updated = ["lifted", "other", "narrowed", "lifted", "suspended", "lifted", "narrowed"];
        let mut expected = vec!["user.created other".to_owned(), "user.linked other".to_owned()];
        expected.extend(updated.map(|one| format!("user.updated {one}")));
        expected.push("user.deleted deleted".to_owned());
        assert_eq!(effects(world, &bob), expected);
    });
}

#[test]
fn each_change_of_an_organization_its_roles_and_its_groups_is_stored_with_its_effect() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let owner = &organization.owner;
        let path = |rest: &str| format!("{}/{rest}", organization.path);
        put(owner, &path("roles/reader"), json!({"permissions": ["a:b"]})).await;
        put(owner, &path("roles/reader"), json!({"permissions": ["a:*"], "description": "all of a"})).await;
        put(owner, &path("roles/reader"), json!({"permissions": ["a:c", "b:c"]})).await;
        put(owner, &path("roles/reader"), json!({"permissions": ["a:c", "b:c"], "description": "some"}))
            .await;
        put(owner, &path("groups/readers"), json!({"roles": []})).await;
        put(owner, &path("groups/readers"), json!({"roles": ["reader"]})).await;
        put(owner, &path("groups/readers"), json!({"roles": []})).await;
        owner.delete(&path("groups/readers")).await.expect(204);
        owner.delete(&path("roles/reader")).await.expect(204);
        let of_roles =
            ["created other", "updated lifted", "updated narrowed", "updated other", "deleted deleted"];
        assert_eq!(effects(world, "reader"), of_roles.map(|one| format!("role.{one}")));
        let of_groups = ["created other", "updated lifted", "updated narrowed", "deleted deleted"];
        assert_eq!(effects(world, "readers"), of_groups.map(|one| format!("group.{one}")));
        suspend_and_delete(world, &organization).await;
    });
}

async fn suspend_and_delete(world: &World, organization: &Organization) {
    let changes = [
        json!({"policy": {"quota": {"machine": 5}}}),
        json!({"policy": {"quota": {"machine": 3}}, "name": "Acme"}),
        json!({"name": "Other"}),
        json!({"status": "suspended"}),
        json!({"status": "active"}),
        json!({"status": "suspended"}),
    ];
    patch(&organization.owner, &organization.path, &changes).await;
    world.travel(8 * DAY);
    world.person("alice").delete(&organization.path).await.expect(204);
    let updated = ["lifted", "narrowed", "other", "suspended", "lifted", "suspended"];
    let mut expected = vec!["organization.created other".to_owned()];
    expected.extend(updated.map(|one| format!("organization.updated {one}")));
    expected.push("organization.deleted deleted".to_owned());
    assert_eq!(effects(world, &organization.id), expected);
}
