//! `PATCH …/access-keys/{key_id}`: labels, switch and expiry.

use kit::{Client, DAY, Organization, World, run};
use serde_json::{Value, json};

fn comes(world: &World, key: &Value) -> Client {
    world.key(key["secret"]["token"].as_str().unwrap())
}

async fn extends(organization: &Organization, extension: &str) {
    let body = json!({"policy": {"extension": extension}});
    organization.owner.patch(&organization.path, body).await.expect(200);
}

#[test]
fn labels_of_a_key_are_changed_and_removed() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let (owner, path) = (&organization.owner, organization.key_path(&key));
        let changed = owner.patch(&path, json!({"name": "new", "description": "for builds"})).await;
        assert_eq!(changed.header("etag"), "\"2\"");
        let changed = changed.expect(200);
        assert_eq!(
            (&changed["name"], &changed["description"], &changed["version"]),
            (&json!("new"), &json!("for builds"), &json!(2))
        );
        assert_eq!(owner.get(&path).await.expect(200), changed);
        let removed = owner.patch(&path, json!({"description": null})).await.expect(200);
        assert_eq!(removed["description"], Value::Null);
        assert_eq!(removed["expires_at"], key["expires_at"]);

        let events = world.audit("access_key.updated").len();
        assert_eq!(owner.patch(&path, json!({"name": "new"})).await.expect(200), removed);
        assert_eq!((world.audit("access_key.updated").len(), events), (2, 2));
        let late = owner.clone().with_header("if-match", "\"1\"");
        late.patch(&path, json!({"name": "x"})).await.expect_problem(412, "precondition_failed");
        comes(world, &key).get("/v1/whoami").await.expect(200);
    });
}

#[test]
fn bad_changes_are_named_by_field_and_rule() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let path = organization.key_path(&organization.machine_key().await);
        for (body, field, rule) in [
            (json!({"name": null}), "name", ""),
            (json!({"name": ""}), "name", "1 to 64"),
            (json!({"active": null}), "active", ""),
            (json!({"active": "no"}), "active", "true or false"),
            (json!({"key_id": "x"}), "key_id", "unknown field"),
            (json!({"user_id": "x"}), "user_id", "unknown field"),
            (json!({"expires_in_days": 1, "never_expires": true}), "expires_at", "exclude one another"),
            (json!({"roles": ["nowhere"]}), "roles", "no role"),
            (json!({"groups": ["nowhere"]}), "groups", "no group"),
        ] {
            organization.owner.patch(&path, body).await.expect_invalid(field, rule);
        }
        assert_eq!(world.audit("access_key.updated").len(), 0);
    });
}

#[test]
fn a_key_that_is_switched_off_is_refused_at_once_until_it_is_switched_on() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let (owner, path, client) = (&organization.owner, organization.key_path(&key), comes(world, &key));
        world.stack.warm_up("authorize-request", 3).await.unwrap();
        for _ in 0..3 {
            client.get("/v1/whoami").await.expect(200);
        }
        assert_eq!(owner.patch(&path, json!({"active": false})).await.expect(200)["status"], "inactive");
        for _ in 0..4 {
            client.get("/v1/whoami").await.expect_forbidden_by_gateway();
        }
        assert_eq!(owner.patch(&path, json!({"active": true})).await.expect(200)["status"], "active");
        client.get("/v1/whoami").await.expect(200);
        assert_eq!(world.audit("access_key.updated").len(), 2);
    });
}

#[test]
fn a_person_switches_a_key_on_again_unless_an_administrator_switched_it_off() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.invite("carol").await;
        let carol = world.person("carol");
        let body = json!({"name": "mine", "expires_in_days": 30});
        let key = carol.post(&organization.keys_of("me"), body).await.expect(201);
        let (path, client) = (organization.key_path(&key), comes(world, &key));
        let (on, off) = (|| json!({"active": true}), || json!({"active": false}));
        carol.patch(&path, off()).await.expect(200);
        carol.patch(&path, on()).await.expect(200);
        client.get("/v1/whoami").await.expect(200);

        organization.owner.patch(&path, off()).await.expect(200);
        carol.patch(&path, on()).await.expect_problem(403, "forbidden");
        // Switching off what is off does not make the switch their own.
        carol.patch(&path, off()).await.expect(200);
        carol.patch(&path, on()).await.expect_problem(403, "forbidden");
        client.get("/v1/whoami").await.expect_forbidden_by_gateway();
    });
}

#[test]
fn an_expiry_may_always_be_brought_forward() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let path = organization.key_path(&key);
        let shorter = organization.owner.patch(&path, json!({"expires_in_days": 1})).await.expect(200);
        assert!(shorter["expires_at"].as_str() < key["expires_at"].as_str());
        world.travel(DAY + 1);
        comes(world, &key).get("/v1/whoami").await.expect_forbidden_by_gateway();
        let user = world.items_of("USER").into_iter().find(|user| user["kind"] == "machine").unwrap();
        let stored = &world.items_of("KEY#")[0];
        assert_eq!(user["live_keys"].as_object().unwrap().values().next(), stored.get("expires_at"));
    });
}

#[test]
fn a_strict_policy_extends_no_key() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let path = organization.key_path(&key);
        for body in [json!({"expires_in_days": 91}), json!({"never_expires": true})] {
            organization.owner.patch(&path, body).await.expect_problem(409, "not_extendable");
        }
        world.travel(91 * DAY);
        let alice = world.person("alice");
        alice.patch(&path, json!({"expires_in_days": 1})).await.expect_problem(409, "not_extendable");
        assert_eq!(world.audit("access_key.updated").len(), 0);
    });
}

#[test]
fn a_policy_may_extend_keys_before_their_expiry_only_and_within_the_lifetime() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        extends(&organization, "before_expiry").await;
        let key = organization.machine_key().await;
        let path = organization.key_path(&key);
        let owner = &organization.owner;
        let refused =
            owner.patch(&path, json!({"expires_in_days": 366})).await.expect_problem(422, "policy_violation");
        assert_eq!(refused["rule"], "lifetime.max_seconds");
        owner.patch(&path, json!({"never_expires": true})).await.expect_problem(422, "policy_violation");
        owner.patch(&path, json!({"expires_in_days": 180})).await.expect(200);
        world.travel(100 * DAY);
        comes(world, &key).get("/v1/whoami").await.expect(200);
        world.travel(181 * DAY);
        let alice = world.person("alice");
        alice.patch(&path, json!({"expires_in_days": 30})).await.expect_problem(409, "not_extendable");
    });
}

#[test]
fn extending_an_expired_key_needs_room_in_the_quota() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let machine = organization.machine("ci").await;
        let first = organization.key(&machine, 1).await;
        organization.key(&machine, 30).await;
        world.travel(DAY + 1);
        let alice = world.person("alice");
        let body = json!({"name": "third", "expires_in_days": 30});
        let third = alice.post(&organization.keys_of(&machine), body).await.expect(201);
        let path = organization.key_path(&first);
        let extend = || json!({"expires_in_days": 30});
        alice.patch(&path, extend()).await.expect_problem(409, "quota_exceeded");
        comes(world, &first).get("/v1/whoami").await.expect_forbidden_by_gateway();
        alice.delete(&organization.key_path(&third)).await.expect(204);
        assert_eq!(alice.patch(&path, extend()).await.expect(200)["status"], "active");
        comes(world, &first).get("/v1/whoami").await.expect(200);
        let user =
            world.items_of("USER").into_iter().find(|user| user["user_id"] == machine.as_str()).unwrap();
        assert_eq!(user["live_keys"].as_object().map(serde_json::Map::len), Some(2));
    });
}

#[test]
fn a_revoked_key_cannot_be_changed() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let path = organization.key_path(&organization.machine_key().await);
        organization.owner.post(&format!("{path}/revoke"), Value::Null).await.expect(200);
        for body in [json!({"active": true}), json!({"expires_in_days": 300}), json!({"name": "x"})] {
            organization.owner.patch(&path, body).await.expect_problem(409, "already_revoked");
        }
    });
}

#[test]
fn extensions_and_creates_at_once_stay_within_the_quota() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let machine = organization.machine("ci").await;
        let keys = [organization.key(&machine, 1).await, organization.key(&machine, 1).await];
        world.travel(DAY + 1);
        let alice = world.person("alice");
        let create = json!({"name": "k", "expires_in_days": 30});
        let (created, extended) = (organization.keys_of(&machine), json!({"expires_in_days": 30}));
        let paths: Vec<_> = keys.iter().map(|key| organization.key_path(key)).collect();
        let mut requests = vec![];
        for _ in 0..4 {
            requests.push(alice.send(reqwest::Method::POST, &created, Some(create.clone())));
        }
        for path in &paths {
            requests.push(alice.send(reqwest::Method::PATCH, path, Some(extended.clone())));
        }
        let answers = futures_util::future::join_all(requests).await;
        let done = answers.iter().filter(|answer| matches!(answer.status, 200 | 201)).count();
        let full = answers.iter().filter(|answer| answer.body["code"] == "quota_exceeded").count();
        assert_eq!((done, full), (2, 4));
    });
}

#[test]
fn an_administrator_switches_on_only_keys_that_an_administrator_switched_off() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.invite("carol").await;
        let carol = world.person("carol");
        let body = json!({"name": "mine", "expires_in_days": 30});
        let key = carol.post(&organization.keys_of("me"), body).await.expect(201);
        let (path, on, off) =
            (organization.key_path(&key), json!({"active": true}), json!({"active": false}));
        organization.owner.patch(&path, off.clone()).await.expect(200);
        carol.patch(&path, on.clone()).await.expect_problem(403, "forbidden");
        organization.owner.patch(&path, on.clone()).await.expect(200);
        carol.patch(&path, off).await.expect(200);
        organization.owner.patch(&path, on.clone()).await.expect_problem(403, "forbidden");
        carol.patch(&path, on).await.expect(200);
    });
}

#[test]
fn a_key_whose_notices_are_over_is_announced_again_after_a_new_expiry() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let machine = organization.machine("ci").await;
        let lasting = json!({"name": "lasting", "never_expires": true});
        let lasting = organization.owner.post(&organization.keys_of(&machine), lasting).await.expect(201);
        let expired = organization.key(&machine, 1).await;
        world.travel(DAY + 1);
        assert_eq!(world.notify().await["sent"], 1);
        world.travel(2 * DAY);
        let alice = world.person("alice");
        for key in [lasting, expired] {
            let extended = json!({"expires_in_days": 10, "name": "extended"});
            alice.patch(&organization.key_path(&key), extended).await.expect(200);
        }
        world.travel(5 * DAY + 60);
        world.notify().await;
        let last = world.stack.emails().pop().unwrap();
        assert_eq!(last.text.matches("ak_").count(), 2, "{}", last.text);
    });
}
