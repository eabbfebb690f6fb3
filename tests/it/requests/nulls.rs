//! `null` in bodies: what it resets, removes, or is refused for.

use kit::{Item, Organization, World, run};
use reqwest::Method;
use serde_json::{Value, json};

fn policy_of(world: &World, organization: &Organization) -> Value {
    world.item(&format!("ORG#{}", organization.id), "ORG").unwrap()["policy"].clone()
}

fn newest(world: &World, action: &str) -> Item {
    let mut events = world.audit(action);
    events.sort_by_key(|event| event["audit_id"].as_str().map(str::to_owned));
    events.pop().unwrap()
}

#[test]
fn null_in_a_policy_resets_to_the_preset_at_any_depth() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let (owner, path) = (&organization.owner, &organization.path);
        let preset = owner.get(path).await.expect(200)["policy"].clone();
        let odd = json!({
            "preset": "strict", "quota": {"owner": 7, "normal": 8, "machine": 9},
            "lifetime": {"min_seconds": 5, "max_seconds": 500_000_000, "allow_never": true},
            "extension": "any_time", "rotation": {"max_overlap_seconds": 5},
            "notices": {
                "days_before": [9], "on_expiry": false,
                "tell": {"owners_for_machines": false, "owners": true, "creator": true, "modifier": true},
            },
        });
        let mut events = 0;
        for pointer in [
            "/quota",
            "/quota/owner",
            "/lifetime",
            "/lifetime/max_seconds",
            "/lifetime/allow_never",
            "/extension",
            "/rotation",
            "/rotation/max_overlap_seconds",
            "/notices",
            "/notices/days_before",
            "/notices/on_expiry",
            "/notices/tell",
            "/notices/tell/owners_for_machines",
            "/notices/tell/modifier",
        ] {
            owner.patch(path, json!({"policy": odd})).await.expect(200);
            let change = pointer.rsplit('/').filter(|part| !part.is_empty());
            let change = change.fold(Value::Null, |inner, part| json!({part: inner}));
            let mut expected = odd.clone();
            *expected.pointer_mut(pointer).unwrap() = preset.pointer(pointer).unwrap().clone();
            let answer = owner.patch(path, json!({"policy": change})).await.expect(200);
            assert_eq!(answer["policy"], expected, "{pointer}");
            events += 2;
            let stored = policy_of(world, &organization);
            assert_eq!(stored, expected, "{pointer}");
            assert_eq!(world.audit("organization.updated").len(), events, "{pointer}");
            assert_eq!(newest(world, "organization.updated")["target"]["id"], organization.id);
        }
        let all =
            json!({"quota": null, "lifetime": null, "extension": null, "rotation": null, "notices": null});
        let before = world.audit("organization.updated").len();
        let answer = owner.patch(path, json!({"policy": all})).await.expect(200);
        assert_eq!(answer["policy"], preset);
        let events = world.audit("organization.updated");
        assert!(
            events.len() == before + 1 && events.iter().any(|event| event["changes"]["policy"] == preset)
        );
        // What is as the preset says already is no change.
        owner.patch(path, json!({"policy": all})).await.expect(200);
        assert_eq!(world.audit("organization.updated").len(), before + 1);
        // A preset beside it comes first.
        let change = json!({"policy": {"preset": "flexible", "quota": {"owner": null, "machine": 1}}});
        let answer = owner.patch(path, change.clone()).await.expect(200);
        assert_eq!(answer["policy"]["quota"], json!({"owner": 50, "normal": 2, "machine": 1}));
        owner.post(&format!("{path}/policy-preview"), change).await.expect(200);
        let created =
            json!({"name": "x", "policy": {"preset": "flexible", "quota": null, "notices": {"tell": null}}});
        let created = owner.post("/v1/organizations", created).await.expect(201);
        assert_eq!(created["policy"]["quota"], json!({"owner": 50, "normal": 2, "machine": 2}));
    });
}

#[test]
fn null_switches_notifications_on_and_removes_what_is_optional() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let owner = &organization.owner;
        let (on, off) = (json!({"email": true, "inbox": true}), json!({"email": false, "inbox": false}));
        let all = |value: &Value| json!({"key_expiring": value, "key_expired": value, "key_changed": value, "access_changed": value});
        let machine =
            json!({"kind": "machine", "name": "m", "email": "m@example.com", "notifications": null});
        let machine = owner.post(&format!("{}/users", organization.path), machine).await.expect(201);
        assert_eq!(machine["notifications"], all(&on));
        let id = machine["user_id"].as_str().unwrap();
        let path = organization.user_path(id);
        for (change, kind, expected) in [
            (json!({"key_changed": null}), "key_changed", on.clone()),
            (json!({"key_expired": {"email": null}}), "key_expired", json!({"email": true, "inbox": false})),
            (
                json!({"key_expiring": {"inbox": null}}),
                "key_expiring",
                json!({"email": false, "inbox": true}),
            ),
        ] {
            owner.patch(&path, json!({"notifications": all(&off)})).await.expect(200);
            let mut wanted = all(&off);
            wanted[kind] = expected;
            let answer = owner.patch(&path, json!({"notifications": change})).await.expect(200);
            assert_eq!(answer["notifications"], wanted);
            let stored = world.item(&format!("USER#{id}"), "USER").unwrap();
            assert_eq!(stored["notifications"], wanted);
            assert!(
                world.audit("user.updated").iter().any(|event| event["changes"]["notifications"] == wanted)
            );
        }
        let answer = owner.patch(&path, json!({"notifications": null, "email": null})).await.expect(200);
        assert_eq!((&answer["notifications"], &answer["email"]), (&all(&on), &Value::Null));
        let events = world.audit("user.updated");
        let removed = |event: &&Item| {
            event["changes"].get("email") == Some(&Value::Null)
                && event["changes"]["notifications"] == all(&on)
        };
        assert_eq!(events.iter().filter(removed).count(), 1);

        let key =
            json!({"name": "k", "description": "d", "expires_in_days": 9, "allowed_cidrs": ["192.0.2.0/24"]});
        let key = owner.post(&organization.keys_of(id), key).await.expect(201);
        let path = organization.key_path(&key);
        for member in ["description", "allowed_cidrs"] {
            let answer = owner.patch(&path, json!({member: null})).await.expect(200);
            assert_eq!(answer[member], Value::Null);
            let events = world.audit("access_key.updated");
            assert!(events.iter().any(|event| event["changes"] == json!({member: null})), "{member}");
        }
        let role = format!("{}/roles/r", organization.path);
        let described = json!({"permissions": [], "description": "d"});
        owner.put(&role, described).await.expect(200);
        let answer = owner.put(&role, json!({"permissions": [], "description": null})).await.expect(200);
        assert_eq!(answer["description"], Value::Null);
    });
}

#[test]
fn null_is_refused_where_nothing_can_be_reset_or_removed() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let bob = organization.invite("bob").await;
        let key = organization.machine_key().await;
        let (user, key_path) = (organization.user_path(&bob), organization.key_path(&key));
        let (org, users) = (organization.path.clone(), format!("{}/users", organization.path));
        let keys = organization.keys_of(key["user_id"].as_str().unwrap());
        let before = (world.items().len(), organization.owner.get(&org).await.body);
        let (patch, post, put) = (Method::PATCH, Method::POST, Method::PUT);
        let machine = |member: &str| {
            let mut body = json!({"kind": "machine", "name": "m"});
            body[member] = Value::Null;
            body
        };
        for (method, path, body, field) in [
            (&patch, &org, json!({"name": null}), "name"),
            (&patch, &org, json!({"status": null}), "status"),
            (&patch, &org, json!({"policy": null}), "policy"),
            (&patch, &org, json!({"policy": {"preset": null}}), "policy.preset"),
            (&post, &"/v1/organizations".to_owned(), json!({"name": null}), "name"),
            (&post, &"/v1/organizations".to_owned(), json!({"name": "x", "policy": null}), "policy"),
            (&post, &format!("{org}/policy-preview"), json!({"policy": null}), "policy"),
            (&post, &format!("{org}/policy-preview"), json!({"policy": {"preset": null}}), "policy.preset"),
            (&patch, &user, json!({"name": null}), "name"),
            (&patch, &user, json!({"kind": null}), "kind"),
            (&patch, &user, json!({"status": null}), "status"),
            (&patch, &user, json!({"roles": null}), "roles"),
            (&patch, &user, json!({"groups": null}), "groups"),
            (&patch, &user, json!({"email": null}), "email"),
            (&post, &users, machine("kind"), "kind"),
            (&post, &users, machine("name"), "name"),
            (&post, &users, machine("roles"), "roles"),
            (&post, &users, machine("groups"), "groups"),
            (&post, &users, machine("access_keys"), "access_keys"),
            (&patch, &key_path, json!({"name": null}), "name"),
            (&patch, &key_path, json!({"active": null}), "active"),
            (&patch, &key_path, json!({"expires_at": null}), "expires_at"),
            (&patch, &key_path, json!({"expires_in_days": null}), "expires_in_days"),
            (&patch, &key_path, json!({"never_expires": null}), "never_expires"),
            (&patch, &key_path, json!({"roles": null}), "roles"),
            (&patch, &key_path, json!({"groups": null}), "groups"),
            (&post, &keys, json!({"name": null, "expires_in_days": 1}), "name"),
            (&post, &keys, json!({"name": "k", "expires_at": null}), "expires_in_days"),
            (&put, &format!("{org}/roles/r"), json!({"permissions": null}), "permissions"),
            (&put, &format!("{org}/groups/g"), json!({"roles": null}), "roles"),
            (&patch, &format!("{org}/users/me/inbox/{}", "0".repeat(26)), json!({"state": null}), "state"),
            (&post, &"/v1/leaked-keys".to_owned(), json!({"tokens": null}), "tokens"),
            (&post, &"/v1/introspect".to_owned(), json!({"token": null}), "token"),
        ] {
            let answer = organization.owner.send(method.clone(), path, Some(body.clone())).await;
            let refused = answer.expect_problem(400, "invalid_request");
            assert_eq!(refused["field"], field, "{method} {path} {body}: {refused}");
        }
        assert_eq!((world.items().len(), organization.owner.get(&org).await.body), before);
    });
}
