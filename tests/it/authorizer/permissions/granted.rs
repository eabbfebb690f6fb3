//! Permissions through roles and groups.

use kit::{Options, run_with};
use serde_json::{Value, json};

use super::{comes, permissions};

#[test]
fn roles_and_groups_reach_what_a_key_may_do() {
    run_with(Options { instance_cap: 1, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.role("reader", &["clusters:read", "users:read"]).await;
        organization.role("writer", &["clusters:*"]).await;
        let group = format!("{}/groups/team", organization.path);
        organization.owner.put(&group, json!({"roles": ["writer"]})).await.expect(200);
        let machine = json!({"kind": "machine", "name": "m", "roles": ["reader"], "groups": ["team"]});
        let users = format!("{}/users", organization.path);
        let machine = organization.owner.post(&users, machine).await.expect(201);
        let key = organization.key(machine["user_id"].as_str().unwrap(), 1).await;
        world.forget_organizations().await;
        let client = comes(world, &key);
        assert_eq!(permissions(&client).await, json!(["clusters:*", "users:read"]));
        client.get(&users).await.expect(200);

        let shown = format!("{}/permissions", organization.key_path(&key));
        let shown = organization.owner.get(&shown).await.expect(200);
        let star = &shown["items"][0];
        assert_eq!((&shown["key_id"], &star["permission"]), (&key["key_id"], &json!("clusters:*")));
        assert_eq!(star["sources"], json!([{"type": "group", "group": "team", "role": "writer"}]));

        let explain = async |key: &Value, narrowed: Value| {
            organization.owner.patch(&organization.key_path(key), narrowed).await.expect(200);
            let path = format!("{}/permissions", organization.key_path(key));
            organization.owner.get(&path).await.expect(200)["items"].clone()
        };
        let of_group = json!({"type": "group", "group": "team", "role": "writer"});
        let of_role = json!({"type": "role", "role": "reader"});
        let (mut keys_group, mut keys_role) = (of_group.clone(), of_role.clone());
        (keys_group["of"], keys_role["of"]) = (json!("key"), json!("key"));
        assert_eq!(
            explain(&key, json!({"roles": ["reader"]})).await,
            json!([
                {"permission": "clusters:read", "sources": [of_role, of_group, keys_role]},
                {"permission": "users:read", "sources": [of_role, keys_role]},
            ])
        );
        assert_eq!(
            explain(&key, json!({"roles": ["reader"], "groups": ["team"]})).await,
            json!([
                {"permission": "clusters:*", "sources": [of_group, keys_group]},
                {"permission": "users:read", "sources": [of_role, keys_role]},
            ])
        );
        assert_eq!(explain(&key, json!({"roles": [], "groups": []})).await, json!([]));
        let owners = json!({"name": "k", "expires_in_days": 1});
        let owners = organization.owner.post(&organization.keys_of("me"), owners).await.expect(201);
        assert_eq!(
            explain(&owners, json!({"groups": ["team"]})).await,
            json!([{"permission": "clusters:*", "sources": [{"type": "owner"}, keys_group]}])
        );
        organization
            .owner
            .patch(&organization.key_path(&key), json!({"roles": ["reader"], "groups": ["team"]}))
            .await
            .expect(200);

        organization.owner.delete(&format!("{}/roles/reader", organization.path)).await.expect(204);
        world.forget_organizations().await;
        assert_eq!(permissions(&client).await, json!(["clusters:*"]));
        client.get(&users).await.expect_problem(403, "forbidden");
    });
}

#[test]
fn nobody_grants_permissions_that_they_do_not_hold() {
    run_with(Options { instance_cap: 1, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "flexible").await;
        let path = &organization.path;
        let manager = ["roles:write", "users:write", "access-keys:write", "users:read", "clusters:read"];
        organization.role("manager", &manager).await;
        organization.role("clusters", &["clusters:*"]).await;
        organization.role("reading", &["clusters:read"]).await;
        organization
            .owner
            .put(&format!("{path}/groups/strong"), json!({"roles": ["clusters"]}))
            .await
            .expect(200);
        let machine = organization.machine_with("manager", &["manager"]).await;
        let client = comes(world, &organization.key(&machine, 30).await);
        let (weak, strong) =
            (organization.machine("weak").await, organization.machine_with("strong", &["clusters"]).await);
        let mighty_key = organization.key(&strong, 1).await;
        organization.owner.patch(&organization.key_path(&mighty_key), json!({"roles": []})).await.expect(200);
        world.forget_organizations().await;
        let users = format!("{path}/users");
        let key = || json!({"name": "k", "expires_in_days": 1});
        let owner = json!({"kind": "owner", "name": "eve", "email": "eve@example.com"});
        for (method, path, body) in [
            ("PUT", format!("{path}/roles/own"), json!({"permissions": ["clusters:*"]})),
            ("PUT", format!("{path}/roles/own"), json!({"permissions": ["*"]})),
            (
                "PUT",
                format!("{path}/roles/reading"),
                json!({"permissions": ["clusters:read", "clusters:write"]}),
            ),
            ("PUT", format!("{path}/groups/own"), json!({"roles": ["clusters"]})),
            ("POST", users.clone(), json!({"kind": "machine", "name": "m", "roles": ["clusters"]})),
            ("POST", users.clone(), json!({"kind": "machine", "name": "m", "groups": ["strong"]})),
            ("POST", users.clone(), owner),
            ("PATCH", organization.user_path(&weak), json!({"roles": ["clusters"]})),
            ("PATCH", organization.user_path(&weak), json!({"groups": ["strong"]})),
            ("PATCH", organization.user_path("me"), json!({"roles": ["manager", "clusters"]})),
            ("PATCH", organization.user_path(&strong), json!({"status": "suspended"})),
            ("PATCH", organization.user_path(&strong), json!({"roles": []})),
            ("POST", organization.keys_of(&strong), key()),
            ("PATCH", organization.key_path(&mighty_key), json!({"roles": ["clusters"]})),
            ("PATCH", organization.key_path(&mighty_key), json!({"groups": ["strong"]})),
        ] {
            let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
            let answer = client.send(method.clone(), &path, Some(body.clone())).await;
            assert!(
                answer.status == 403 && answer.body["code"] == "forbidden",
                "{method} {path} {body}: {answer:?}"
            );
        }
        client.put(&format!("{path}/roles/own"), json!({"permissions": ["clusters:read"]})).await.expect(200);
        client.put(&format!("{path}/groups/own"), json!({"roles": ["own", "reading"]})).await.expect(200);
        client.patch(&organization.user_path(&weak), json!({"groups": ["own"]})).await.expect(200);
        client.post(&organization.keys_of(&weak), key()).await.expect(201);
    });
}

#[test]
fn only_owners_make_and_unmake_owners() {
    run_with(Options { instance_cap: 1, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "flexible").await;
        let bob = organization.invite_as("bob", "owner").await;
        let carol = organization.invite("carol").await;
        organization.role("people", &["users:*"]).await;
        let machine = organization.machine_with("people", &["people"]).await;
        let client = comes(world, &organization.key(&machine, 30).await);
        world.forget_organizations().await;
        let carols = organization.user_path(&carol);
        client.patch(&carols, json!({"kind": "owner"})).await.expect_problem(403, "forbidden");
        for body in
            [json!({"kind": "normal"}), json!({"status": "suspended"}), json!({"email": "x@example.com"})]
        {
            client.patch(&organization.user_path(&bob), body).await.expect_problem(403, "forbidden");
        }
        client.delete(&organization.user_path(&bob)).await.expect_problem(403, "forbidden");
        client.patch(&carols, json!({"status": "suspended"})).await.expect(200);
        organization.owner.patch(&organization.user_path(&bob), json!({"kind": "normal"})).await.expect(200);
        organization
            .owner
            .patch(&organization.user_path("me"), json!({"kind": "normal"}))
            .await
            .expect_problem(409, "last_owner");
    });
}
