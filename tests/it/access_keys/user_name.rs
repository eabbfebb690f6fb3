//! `user_name` in every answer that shows a key.

use kit::run;
use serde_json::{Value, json};

#[test]
fn every_answer_with_a_key_names_its_user_as_it_is_now() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let owner = &organization.owner;
        let once = owner.clone().with_header("idempotency-key", "once");
        let machine = json!({
            "kind": "machine", "name": "Zoë", "access_keys": [{"name": "first", "expires_in_days": 9}],
        });
        let users = format!("{}/users", organization.path);
        let made = once.post(&users, machine.clone()).await.expect(201);
        let (user_id, first) = (made["user_id"].as_str().unwrap().to_owned(), &made["access_keys"][0]);
        let (path, keys) = (organization.key_path(first), organization.keys_of(&user_id));
        let body = json!({"name": "second", "expires_in_days": 9});
        let twice = owner.clone().with_header("idempotency-key", "twice");
        let rotate = (format!("{path}/rotate"), owner.clone().with_header("idempotency-key", "rotated"));
        let created = twice.post(&keys, body.clone()).await.expect(201);
        let rotated = rotate.1.post(&rotate.0, Value::Null).await.expect(200);
        for key in [first, &created, &rotated] {
            assert_eq!(key["user_name"], "Zoë");
        }
        owner.patch(&organization.user_path(&user_id), json!({"name": "Renamed"})).await.expect(200);
        let preview = format!("{}/policy-preview", organization.path);
        let policy = json!({"policy": {"lifetime": {"max_seconds": 60, "min_seconds": 1}}});
        let all = format!("{}/access-keys", organization.path);
        for key in [
            &once.post(&users, machine).await.expect(201)["access_keys"][0],
            &twice.post(&keys, body).await.expect(201),
            &rotate.1.post(&rotate.0, Value::Null).await.expect(200),
            &owner.post(&preview, policy).await.expect(200)["items"][0]["access_key"],
            &owner.get(&path).await.expect(200),
            &owner.get(&keys).await.expect(200)["items"][1],
            &owner.get(&all).await.expect(200)["items"][1],
            &owner.get(&format!("{all}?q=second")).await.expect(200)["items"][0],
            &owner.patch(&path, json!({"name": "changed"})).await.expect(200),
            &owner.patch(&path, json!({"active": false})).await.expect(200),
            &owner.post(&format!("{path}/revoke"), Value::Null).await.expect(200),
        ] {
            assert_eq!((&key["user_name"], &key["user_id"]), (&json!("Renamed"), &json!(user_id)), "{key}");
        }
    });
}
