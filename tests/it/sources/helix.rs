//! The sentences of the flexible source, each as a test.

use std::collections::HashSet;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use kit::{DAY, Options, run, run_with};
use serde_json::{Value, json};

use super::{comes, days};

fn permissions(shown: &Value) -> Vec<&Value> {
    shown["items"].as_array().unwrap().iter().map(|one| &one["permission"]).collect()
}

#[test]
fn a_tenant_administrator_creates_many_keys_and_a_user_only_two() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        organization.invite("carol").await;
        let (carol, keys) = (world.person("carol"), organization.keys_of("me"));
        for _ in 0..5 {
            organization.owner.post(&keys, days(30)).await.expect(201);
        }
        for _ in 0..2 {
            carol.post(&keys, days(30)).await.expect(201);
        }
        let refused = carol.post(&keys, days(30)).await.expect_problem(409, "quota_exceeded");
        assert_eq!((&refused["rule"], &refused["value"]), (&json!("quota.normal"), &json!(2)));
    });
}

#[test]
fn the_name_of_a_key_is_a_label_and_authenticates_nobody() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let machine = organization.machine("ci").await;
        let (one, two) = (organization.key(&machine, 1).await, organization.key(&machine, 1).await);
        assert_eq!(one["name"], two["name"]);
        world.key("key").get("/v1/whoami").await.expect_forbidden_by_gateway();
        let named = format!("{}/access-keys/key", organization.path);
        organization.owner.get(&named).await.expect_problem(404, "not_found");
    });
}

#[test]
fn a_key_lives_for_days_until_a_date_or_for_ever() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let keys = organization.keys_of("me");
        let owner = &organization.owner;
        let date = json!({"name": "k", "expires_at": "2031-05-06T07:08:09Z"});
        assert_eq!(owner.post(&keys, date).await.expect(201)["expires_at"], "2031-05-06T07:08:09Z");
        let never = owner.post(&keys, json!({"name": "k", "never_expires": true})).await.expect(201);
        assert_eq!(never["expires_at"], Value::Null);
        owner.patch(&organization.key_path(&never), json!({"expires_in_days": 30})).await.expect(200);
        let later = owner.post(&keys, days(30)).await.expect(201);
        let later =
            owner.patch(&organization.key_path(&later), json!({"never_expires": true})).await.expect(200);
        assert_eq!((&later["expires_at"], &later["expires_in_days"]), (&Value::Null, &Value::Null));
    });
}

#[test]
fn after_a_key_expires_its_date_can_be_extended() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let key = organization.owner.post(&organization.keys_of("me"), days(1)).await.expect(201);
        world.travel(40 * DAY);
        let (alice, client) = (world.person("alice"), comes(world, &key));
        client.get("/v1/whoami").await.expect_forbidden_by_gateway();
        let extended =
            alice.patch(&organization.key_path(&key), json!({"expires_in_days": 30})).await.expect(200);
        assert_eq!((&extended["status"], &extended["expires_in_days"]), (&json!("active"), &json!(30)));
        client.get("/v1/whoami").await.expect(200);
    });
}

#[test]
fn groups_and_roles_are_assigned_to_a_key_later_and_the_impacted_user_is_told() {
    run_with(Options { instance_cap: 1, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "flexible").await;
        let (owner, machine) = (&organization.owner, organization.machine("ci").await);
        organization.role("reader", &["clusters:read"]).await;
        organization.role("writer", &["clusters:write"]).await;
        owner
            .put(&format!("{}/groups/team", organization.path), json!({"roles": ["writer"]}))
            .await
            .expect(200);
        let user = organization.user_path(&machine);
        let address = "ci@example.com";
        let body = json!({"roles": ["reader"], "groups": ["team"], "email": address});
        owner.patch(&user, body).await.expect(200);
        let key = organization.key(&machine, 30).await;
        let path = organization.key_path(&key);
        let changed = owner.patch(&path, json!({"roles": ["reader"], "groups": ["team"]})).await.expect(200);
        assert_eq!((&changed["roles"], &changed["groups"]), (&json!(["reader"]), &json!(["team"])));
        let told = world.items_of("OUTBOX#");
        let of_access = |item: &&kit::Item| {
            item.get("key_id") == Some(&key["key_id"]) && item["event"] == "access_changed"
        };
        assert_eq!(told.iter().filter(of_access).count(), 1);
        let shown = owner.get(&format!("{path}/permissions")).await.expect(200);
        assert_eq!(permissions(&shown), ["clusters:read", "clusters:write"]);
    });
}

#[test]
fn a_key_and_its_secret_key_are_used_like_a_user_name_and_a_password() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let secret = &organization.machine_key().await["secret"];
        let (access_key, secret_key) =
            (secret["access_key"].as_str().unwrap(), secret["secret_key"].as_str().unwrap());
        let basic = |user: &str, password: &str| {
            let pair = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
            world.anonymous().with_header("authorization", &pair)
        };
        basic(access_key, secret_key).get("/v1/whoami").await.expect(200);
        let wrong = format!("{}{}", &secret_key[1..], &secret_key[..1]);
        for (user, password) in [(access_key, wrong.as_str()), (access_key, ""), ("", secret_key)] {
            basic(user, password).get("/v1/whoami").await.expect_forbidden_by_gateway();
        }
    });
}

#[test]
fn both_the_key_and_the_secret_key_are_generated_at_random() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let mut seen = HashSet::new();
        for _ in 0..8 {
            let key = organization.owner.post(&organization.keys_of("me"), days(30)).await.expect(201);
            let (id, secret) = (&key["key_id"], &key["secret"]["secret_key"]);
            let (drawn, secret) = (&id.as_str().unwrap()[12..], &secret.as_str().unwrap()[..43]);
            assert!(seen.insert(drawn.to_owned()) && seen.insert(secret.to_owned()), "{key}");
        }
    });
}

#[test]
fn groups_and_roles_are_assigned_to_a_key_as_it_is_created_and_its_permissions_are_viewed() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let owner = &organization.owner;
        organization.role("reader", &["clusters:read"]).await;
        organization.role("writer", &["clusters:write"]).await;
        let group = format!("{}/groups/team", organization.path);
        owner.put(&group, json!({"roles": ["writer"]})).await.expect(200);
        let body = json!({"name": "k", "expires_in_days": 1, "roles": ["reader"], "groups": ["team"]});
        let key = owner.post(&organization.keys_of("me"), body).await.expect(201);
        let path = format!("{}/permissions", organization.key_path(&key));
        assert_eq!(permissions(&owner.get(&path).await.expect(200)), ["clusters:read", "clusters:write"]);
    });
}

#[test]
fn a_key_is_marked_inactive_and_active_again() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let key = organization.machine_key().await;
        let (client, path) = (comes(world, &key), organization.key_path(&key));
        for (active, status, answer) in [(false, "inactive", 403), (true, "active", 200)] {
            let changed = organization.owner.patch(&path, json!({"active": active})).await.expect(200);
            assert_eq!(changed["status"], status);
            client.get("/v1/whoami").await.expect(answer);
        }
    });
}

#[test]
fn the_secret_key_is_available_only_as_the_key_is_created() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let (owner, keys) = (&organization.owner, organization.keys_of("me"));
        let key = owner.post(&keys, days(30)).await.expect(201);
        let (token, secret_key) =
            (key["secret"]["token"].as_str().unwrap(), key["secret"]["secret_key"].as_str().unwrap());
        let path = organization.key_path(&key);
        let mut later = vec![
            owner.get(&path).await.expect(200),
            owner.get(&keys).await.expect(200),
            owner.get(&format!("{path}/permissions")).await.expect(200),
            owner.patch(&path, json!({"name": "renamed"})).await.expect(200),
        ];
        later.push(json!(world.items()));
        for shown in later {
            assert!(!shown.to_string().contains(token) && !shown.to_string().contains(secret_key));
        }
    });
}

#[test]
fn a_new_secret_key_takes_the_place_of_a_lost_one_and_is_available_only_as_it_is_generated() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let key = organization.machine_key().await;
        let path = organization.key_path(&key);
        let new = organization.owner.post(&format!("{path}/rotate"), Value::Null).await.expect(200);
        assert_eq!(new["secret"]["access_key"], key["secret"]["access_key"]);
        assert_ne!(new["secret"]["secret_key"], key["secret"]["secret_key"]);
        comes(world, &key).get("/v1/whoami").await.expect_forbidden_by_gateway();
        comes(world, &new).get("/v1/whoami").await.expect(200);
        assert_eq!(organization.owner.get(&path).await.expect(200).get("secret"), None);
    });
}

#[test]
fn the_key_details_are_copied_as_access_key_secret_key_and_tenant_id() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let secret = &organization.machine_key().await["secret"];
        let (access_key, secret_key) =
            (secret["access_key"].as_str().unwrap(), secret["secret_key"].as_str().unwrap());
        let copy = format!("key:{access_key}::{secret_key},tenant id: {}", organization.id);
        assert_eq!(secret["copy"], copy);
    });
}

#[test]
fn administrators_creator_and_modifier_are_mailed_two_days_before_a_key_expires() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let mut makers = vec![];
        organization.join_as(world, "bob", "owner").await;
        for name in ["carol", "dave"] {
            makers.push((world.person(name), organization.invite_as(name, "owner").await));
        }
        let machine = organization.machine("ci").await;
        let key = makers[0].0.post(&organization.keys_of(&machine), days(90)).await.expect(201);
        makers[1].0.patch(&organization.key_path(&key), json!({"name": "renamed"})).await.expect(200);
        for (_, id) in &makers {
            let demoted = json!({"kind": "normal"});
            organization.owner.patch(&organization.user_path(id), demoted).await.expect(200);
        }
        world.travel(88 * DAY - 600);
        world.notify().await;
        let earlier = world.stack.emails().len();
        world.travel(88 * DAY + 60);
        world.notify().await;
        let mails = world.stack.emails();
        let mut told: Vec<_> = mails[earlier..].iter().flat_map(|mail| mail.to.clone()).collect();
        told.sort_unstable();
        assert_eq!(told, ["alice", "bob", "carol", "dave"].map(|name| format!("{name}@example.com")));
    });
}
