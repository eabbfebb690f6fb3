//! Permissions of a key that is narrowed.

use kit::{Options, Organization, World, run, run_with};
use serde_json::{Value, json};

use super::{comes, permissions};

async fn own_key(world: &World, organization: &Organization, narrowed: Value) -> Value {
    let mut body = json!({"name": "mine", "expires_in_days": 30});
    body.as_object_mut().unwrap().extend(narrowed.as_object().unwrap().clone());
    world.person("carol").post(&organization.keys_of("me"), body).await.expect(201)
}

#[test]
fn roles_and_groups_on_a_key_narrow_what_its_user_may_do() {
    run_with(Options { instance_cap: 1, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "flexible").await;
        organization.role("all-clusters", &["clusters:*", "users:read"]).await;
        organization.role("reader", &["clusters:read", "backups:read"]).await;
        let machine = organization.machine_with("m", &["all-clusters"]).await;
        let keys = organization.keys_of(&machine);
        let body = json!({"name": "k", "expires_in_days": 1, "roles": ["reader"]});
        let key = organization.owner.post(&keys, body).await.expect(201);
        let path = organization.key_path(&key);
        world.forget_organizations().await;
        let client = comes(world, &key);
        assert_eq!(permissions(&client).await, json!(["clusters:read"]));

        organization.owner.patch(&path, json!({"roles": []})).await.expect(200);
        assert_eq!(permissions(&client).await, json!([]));
        organization.owner.patch(&path, json!({"roles": ["reader"]})).await.expect(200);
        organization.owner.delete(&format!("{}/roles/reader", organization.path)).await.expect(204);
        world.forget_organizations().await;
        assert_eq!(permissions(&client).await, json!([]), "roles since deleted allow nothing");
        assert_eq!(organization.owner.get(&path).await.expect(200)["roles"], json!(["reader"]));
        organization.owner.patch(&path, json!({"roles": null})).await.expect_problem(400, "invalid_request");
    });
}

#[test]
fn a_narrowed_key_of_a_person_brings_none_of_their_own_rights() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        organization.invite("carol").await;
        let whole = own_key(world, &organization, json!({})).await;
        let narrowed = own_key(world, &organization, json!({"roles": []})).await;
        let (whole_client, narrowed_client) = (comes(world, &whole), comes(world, &narrowed));
        let path = organization.key_path(&whole);
        let new = json!({"name": "k", "expires_in_days": 1});
        for (method, path, body) in [
            ("GET", organization.user_path("me"), Value::Null),
            ("PATCH", organization.user_path("me"), json!({"name": "x"})),
            ("GET", organization.keys_of("me"), Value::Null),
            ("POST", organization.keys_of("me"), new),
            ("GET", path.clone(), Value::Null),
            ("PATCH", path.clone(), json!({"name": "x"})),
            ("PATCH", organization.key_path(&narrowed), json!({"roles": ["x"]})),
            ("POST", format!("{path}/revoke"), Value::Null),
            ("DELETE", path, Value::Null),
            ("GET", format!("{}/inbox", organization.user_path("me")), Value::Null),
        ] {
            let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
            let answer = narrowed_client.send(method, &path, Some(body)).await;
            answer.expect_problem(403, "forbidden");
        }
        narrowed_client.get("/v1/whoami").await.expect(200);
        whole_client.get(&organization.user_path("me")).await.expect(200);
        whole_client.patch(&organization.key_path(&whole), json!({"name": "renamed"})).await.expect(200);
    });
}

#[test]
fn a_narrowed_key_of_an_owner_is_no_owner() {
    run_with(Options { instance_cap: 1, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "flexible").await;
        organization.role("reader", &["users:read"]).await;
        let body = json!({"name": "k", "expires_in_days": 1, "roles": ["reader"]});
        let key = organization.owner.post(&organization.keys_of("me"), body).await.expect(201);
        world.forget_organizations().await;
        let client = comes(world, &key);
        assert_eq!(permissions(&client).await, json!(["users:read"]));
        client.get(&format!("{}/users", organization.path)).await.expect(200);
        client.get(&organization.path).await.expect_problem(403, "forbidden");
        let role = format!("{}/roles/mine", organization.path);
        client.put(&role, json!({"permissions": ["users:read"]})).await.expect_problem(403, "forbidden");
    });
}
