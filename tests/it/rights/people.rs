//! Kinds, and changes of users who carry more than the caller.

use serde_json::{Value, json};

use super::{client, each_is_refused, key_with, machine_holding, play};

#[test]
fn a_user_never_changes_between_person_and_machine() {
    play(async |world, organization| {
        let carol_id = organization.invite("carol").await;
        let carol = world.person("carol");
        let key = key_with(&carol, organization, "me", json!({})).await;
        let machine = machine_holding(world, organization, "people", &["users:write", "access-keys:*"]).await;
        world.forget_organizations().await;
        let before = crate::matrix::state(world);
        let (path, silent) = (organization.user_path(&carol_id), json!({"key_changed": {"email": false}}));
        for body in [json!({"kind": "machine"}), json!({"kind": "machine", "notifications": silent})] {
            organization.owner.patch(&path, body.clone()).await.expect_invalid("kind", "between person");
            machine.patch(&path, body).await.expect_invalid("kind", "between person");
        }
        for kind in ["normal", "owner"] {
            let answer = machine.patch(&organization.user_path("me"), json!({"kind": kind})).await;
            assert!(matches!(answer.status, 400 | 403), "{answer:?}");
        }
        assert!(crate::matrix::state(world) == before);
        let rotate = format!("{}/rotate", organization.key_path(&key));
        let create = json!({"name": "k", "expires_in_days": 1});
        each_is_refused(
            world,
            &organization.owner,
            &[("POST", rotate, Value::Null), ("POST", organization.keys_of(&carol_id), create)],
        )
        .await;
        let events = world.audit("user.updated").len();
        organization.owner.patch(&path, json!({"kind": "owner"})).await.expect(200);
        organization.owner.patch(&path, json!({"kind": "normal"})).await.expect(200);
        assert_eq!(world.audit("user.updated").len(), events + 2);
        client(world, &key).get("/v1/whoami").await.expect(200);
    });
}

#[test]
fn a_holder_of_users_write_alone_and_a_narrowed_key_of_an_owner_change_nobody_who_carries_more() {
    play(async |world, organization| {
        organization.role("all", &["*"]).await;
        let mighty = organization.machine_with("mighty", &["all"]).await;
        let bob = organization.invite_as("bob", "owner").await;
        let carol = organization.invite("carol").await;
        let manager = machine_holding(world, organization, "people", &["users:*"]).await;
        let of_owner = key_with(&organization.owner, organization, "me", json!({"roles": ["people"]})).await;
        world.forget_organizations().await;
        let silent = json!({"key_expiring": {"email": false}, "access_changed": {"inbox": false}});
        let mut changes = vec![];
        for path in [organization.user_path(&bob), organization.user_path(&mighty)] {
            for body in [
                json!({"name": "renamed"}),
                json!({"notifications": silent}),
                json!({"status": "suspended"}),
                json!({"email": "mine@example.com"}),
            ] {
                changes.push(("PATCH", path.clone(), body));
            }
            changes.push(("DELETE", path, Value::Null));
        }
        each_is_refused(world, &manager, &changes).await;
        let rename = |path: String| ("PATCH", path, json!({"name": "renamed"}));
        let owners = [rename(organization.user_path("me")), rename(organization.user_path(&bob))];
        each_is_refused(world, &client(world, &of_owner), &owners).await;
        let path = organization.user_path(&carol);
        manager.patch(&path, json!({"name": "renamed", "notifications": silent})).await.expect(200);
        manager.patch(&path, json!({"status": "suspended"})).await.expect(200);
        manager.delete(&path).await.expect(204);
    });
}

#[test]
fn every_person_reads_their_organization_and_no_machine_without_the_permission() {
    play(async |world, organization| {
        organization.invite("carol").await;
        let carol = world.person("carol");
        let seen = carol.get(&organization.path).await.expect(200);
        assert_eq!(seen["policy"]["preset"], "flexible");
        client(world, &key_with(&carol, organization, "me", json!({})).await)
            .get(&organization.path)
            .await
            .expect(200);
        let narrowed = key_with(&carol, organization, "me", json!({"roles": []})).await;
        let machine = organization.machine_key().await;
        for refused in [narrowed, machine] {
            client(world, &refused).get(&organization.path).await.expect_problem(403, "forbidden");
        }
        carol.patch(&organization.path, json!({"name": "x"})).await.expect_problem(403, "forbidden");
        // It lists the keys of others.
        let preview = format!("{}/policy-preview", organization.path);
        carol.post(&preview, json!({"policy": "strict"})).await.expect_problem(403, "forbidden");
    });
}

#[test]
fn a_machine_comes_with_keys_for_holders_of_both_rights_alone() {
    play(async |world, organization| {
        organization.role("people", &["users:*"]).await;
        let dan = organization.user_path(&organization.invite("dan").await);
        let raise = |roles: Value| organization.owner.patch(&dan, json!({"roles": roles}));
        raise(json!(["people"])).await.expect(200);
        let client = world.person("dan").with_header("idempotency-key", "one");
        client.get(&organization.path).await.expect(200);
        organization.machine_key().await;
        world.forget_organizations().await;
        let users = format!("{}/users", organization.path);
        let mut body = json!({"kind": "machine", "name": "m"});
        body["access_keys"] = json!([{"name": "k", "expires_in_days": 9}]);
        each_is_refused(world, &client, &[("POST", users.clone(), body)]).await;
        let body = json!({"kind": "machine", "name": "m"});
        let made = client.post(&users, body.clone()).await.expect(201);
        assert_eq!(client.post(&users, body.clone()).await.expect(201)["user_id"], made["user_id"]);
        // A repetition needs the right too.
        raise(json!([])).await.expect(200);
        each_is_refused(world, &client, &[("POST", users, body)]).await;
        assert_eq!((world.audit("user.created").len(), world.items_of("KEY#").len()), (4, 1));
    });
}
