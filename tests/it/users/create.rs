//! `POST …/users`.

use kit::run;
use serde_json::{Value, json};

#[test]
fn a_machine_user_is_made_with_two_keys_at_once() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let keys =
            json!([{"name": "blue", "expires_in_days": 30}, {"name": "green", "expires_in_days": 365}]);
        let body = json!({"kind": "machine", "name": "ci", "access_keys": keys});
        let made = organization.owner.post(&format!("{}/users", organization.path), body).await.expect(201);
        assert_eq!(
            (&made["kind"], &made["email"], &made["status"]),
            (&json!("machine"), &Value::Null, &json!("active"))
        );
        let keys = made["access_keys"].as_array().unwrap();
        assert_eq!(keys.len(), 2);
        for key in keys {
            let token = key["secret"]["token"].as_str().unwrap();
            let me = world.key(token).get("/v1/whoami").await.expect(200);
            assert_eq!((&me["user_id"], &me["key_id"]), (&made["user_id"], &key["key_id"]));
        }
        let path = organization.user_path(made["user_id"].as_str().unwrap());
        let shown = organization.owner.get(&path).await.expect(200);
        assert_eq!(shown.get("access_keys"), None);
        assert_eq!(world.audit("access_key.created").len(), 2);
    });
}

#[test]
fn a_machine_with_keys_is_made_whole_or_not_at_all() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let before = world.items().len();
        let users = format!("{}/users", organization.path);
        let key = |days: i64| json!({"name": "k", "expires_in_days": days});
        let machine = |keys: Value| json!({"kind": "machine", "name": "ci", "access_keys": keys});
        let owner = &organization.owner;
        owner
            .post(&users, machine(json!([key(1), key(1), key(1)])))
            .await
            .expect_problem(409, "quota_exceeded");
        let refused = owner
            .post(&users, machine(json!([key(1), key(366)])))
            .await
            .expect_problem(422, "policy_violation");
        assert_eq!(
            (&refused["rule"], &refused["value"]),
            (&json!("lifetime.max_seconds"), &json!("31536000"))
        );
        owner
            .post(&users, machine(json!([key(0)])))
            .await
            .expect_invalid("access_keys[0].expires_in_days", "1 or more");
        owner
            .post(&users, machine(json!(vec![key(1); 21])))
            .await
            .expect_invalid("access_keys", "20 at most");
        assert_eq!(world.items().len(), before);
    });
}

#[test]
fn bad_bodies_are_named_by_field_and_rule() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let users = format!("{}/users", organization.path);
        for (body, field, rule) in [
            (json!({"kind": "machine"}), "name", "must be given"),
            (json!({"kind": "robot", "name": "a"}), "kind", "must be owner, normal or machine"),
            (json!({"kind": "normal", "name": "a"}), "email", "must be given"),
            (json!({"kind": "normal", "name": "a", "email": "a"}), "email", "e-mail address"),
            (json!({"kind": "machine", "name": "a", "user_id": "x"}), "user_id", "unknown field"),
            (
                json!({"kind": "normal", "name": "a", "email": "a@b.co", "access_keys": [{"name": "k", "expires_in_days": 1}]}),
                "access_keys",
                "machine",
            ),
            (
                json!({"kind": "machine", "name": "a", "access_keys": [{"name": "", "expires_in_days": 1}]}),
                "access_keys[0].name",
                "1 to 64",
            ),
            (
                json!({"kind": "machine", "name": "a", "access_keys": [["k", 1]]}),
                "access_keys[0]",
                "must be an object",
            ),
            (
                json!({"kind": "machine", "name": "a", "notifications": [{"email": false}]}),
                "notifications",
                "must be an object",
            ),
        ] {
            organization.owner.post(&users, body).await.expect_invalid(field, rule);
        }
    });
}

#[test]
fn an_address_belongs_to_one_person_of_an_organization_and_to_any_of_its_machines() {
    run(async |world| {
        let (first, second) =
            (world.organization("alice", "strict").await, world.organization("bob", "strict").await);
        first.invite("carol").await;
        let again = json!({"kind": "normal", "name": "c", "email": "Carol@Example.COM"});
        first
            .owner
            .post(&format!("{}/users", first.path), again.clone())
            .await
            .expect_problem(409, "email_taken");
        second.owner.post(&format!("{}/users", second.path), again).await.expect(201);
        let machine = json!({"kind": "machine", "name": "ci", "email": "carol@example.com"});
        first.owner.post(&format!("{}/users", first.path), machine.clone()).await.expect(201);
        let machine = first.owner.post(&format!("{}/users", first.path), machine).await.expect(201);
        let machine = first.user_path(machine["user_id"].as_str().unwrap());
        first.owner.patch(&machine, json!({"email": "dave@example.com"})).await.expect(200);
        first.invite("dave").await;
        first.owner.delete(&machine).await.expect(204);
        world.person("dave").get(&first.user_path("me")).await.expect(200);
    });
}
