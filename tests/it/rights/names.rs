//! Names of roles and groups, which requests that name them must not tell.

use kit::{Client, Organization};
use reqwest::Method;
use serde_json::{Value, json};

use super::{key_with, machine_holding, play};

/// Sends a request with each name; all must get one answer, but for the name.
async fn all_alike(client: &Client, method: Method, path: &str, body: impl Fn(&str) -> Value) {
    let mut answers = vec![];
    for name in ["nowhere", "hidden", "empty"] {
        let answer = client.send(method.clone(), path, Some(body(name))).await;
        let said = answer.expect_problem(400, "invalid_request");
        answers.push(said.to_string().replace(name, "…"));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{method} {path}: {answers:?}");
}

async fn set_up(organization: &Organization) {
    organization.role("hidden", &["hidden:*"]).await;
    organization.role("empty", &[]).await;
    organization.role("mine", &["clusters:*"]).await;
    organization.role("part-of-mine", &["clusters:read"]).await;
    for (group, role) in [("hidden", "hidden"), ("empty", "empty"), ("mine", "mine")] {
        let path = format!("{}/groups/{group}", organization.path);
        organization.owner.put(&path, json!({"roles": [role]})).await.expect(200);
    }
}

#[test]
fn a_person_who_sees_no_roles_learns_none_by_naming_them() {
    play(async |world, organization| {
        set_up(organization).await;
        let carol_id = organization.invite("carol").await;
        let groups = json!({"groups": ["mine"]});
        organization.owner.patch(&organization.user_path(&carol_id), groups).await.expect(200);
        let (carol, keys) = (world.person("carol"), organization.keys_of("me"));
        for field in ["roles", "groups"] {
            let new = |name: &str| json!({"name": "k", "expires_in_days": 1, field: [name]});
            all_alike(&carol, Method::POST, &keys, new).await;
        }
        let own = json!({"roles": ["mine", "part-of-mine"], "groups": ["mine"]});
        let key = key_with(&carol, organization, "me", own).await;
        let path = organization.key_path(&key);
        for field in ["roles", "groups"] {
            let with = |name: &str| json!({field: ["mine", name]});
            all_alike(&carol, Method::PATCH, &path, with).await;
        }
        let stored = world.items_of("KEY#");
        assert_eq!((stored.len(), &stored[0]["roles"]), (1, &json!(["mine", "part-of-mine"])));

        organization.role("seeing", &["roles:read"]).await;
        let roles = json!({"roles": ["seeing"]});
        organization.owner.patch(&organization.user_path(&carol_id), roles).await.expect(200);
        world.forget_organizations().await;
        let named = |name: &str| json!({"roles": ["mine", name]});
        carol.patch(&path, named("nowhere")).await.expect_invalid("roles", "no role of this organization");
        carol.patch(&path, named("hidden")).await.expect_problem(403, "forbidden");
    });
}

#[test]
fn a_manager_of_users_and_keys_who_sees_no_roles_learns_none_by_naming_them() {
    play(async |world, organization| {
        set_up(organization).await;
        let permissions = ["users:*", "access-keys:*", "clusters:*"];
        let manager = machine_holding(world, organization, "manager", &permissions).await;
        let (hiding, bare) =
            (organization.machine_with("hiding", &["hidden"]).await, organization.machine("bare").await);
        let key = key_with(&organization.owner, organization, &bare, json!({})).await;
        world.forget_organizations().await;
        let (users, bare_path) = (format!("{}/users", organization.path), organization.user_path(&bare));
        let named = |name: &str| json!({"roles": [name]});
        let user = |name: &str| json!({"kind": "machine", "name": "m", "groups": [name]});
        let new = |name: &str| json!({"name": "k", "expires_in_days": 1, "roles": [name]});
        all_alike(&manager, Method::POST, &users, user).await;
        all_alike(&manager, Method::PATCH, &bare_path, named).await;
        all_alike(&manager, Method::PATCH, &organization.key_path(&key), named).await;
        // Also where the machine carries the role that the caller does not hold.
        all_alike(&manager, Method::POST, &organization.keys_of(&hiding), new).await;
        all_alike(&manager, Method::POST, &organization.keys_of("me"), new).await;
        manager.patch(&bare_path, json!({"roles": ["part-of-mine"]})).await.expect(200);
    });
}

#[test]
fn a_person_names_what_they_carry_even_if_it_grants_nothing() {
    play(async |world, organization| {
        set_up(organization).await;
        organization.role("bare", &[]).await;
        let carol = organization.user_path(&organization.invite("carol").await);
        let carried = json!({"roles": ["bare"], "groups": ["empty"]});
        organization.owner.patch(&carol, carried).await.expect(200);
        // The group brings the role `empty`.
        let own = json!({"roles": ["bare", "empty"], "groups": ["empty"]});
        let key = key_with(&world.person("carol"), organization, "me", own).await;
        assert_eq!(world.items_of("KEY#")[0]["roles"], key["roles"]);
    });
}

#[test]
fn names_of_deleted_roles_stay_where_they_are_and_come_to_no_other_place() {
    play(async |world, organization| {
        let (owner, group) = (&organization.owner, format!("{}/groups/g", organization.path));
        organization.role("ghost", &["clusters:*"]).await;
        let ghost = json!({"roles": ["ghost"]});
        owner.put(&group, ghost.clone()).await.expect(200);
        let machine = organization.machine_with("m", &["ghost"]).await;
        let key = organization.key_path(&key_with(owner, organization, &machine, ghost.clone()).await);
        owner.delete(&format!("{}/roles/ghost", organization.path)).await.expect(204);
        let user = organization.user_path(&machine);
        owner.patch(&user, json!({"roles": ["ghost"], "name": "renamed"})).await.expect(200);
        owner.put(&group, json!({"roles": ["ghost"], "description": "new"})).await.expect(200);
        owner.patch(&key, json!({"roles": ["ghost"], "description": "new"})).await.expect(200);
        let before = crate::matrix::state(world);
        let other = organization.user_path("me");
        owner.patch(&other, ghost.clone()).await.expect_invalid("roles", "no role of this organization");
        let another = format!("{}/groups/h", organization.path);
        owner.put(&another, ghost).await.expect_invalid("roles", "no role of this organization");
        assert!(crate::matrix::state(world) == before, "a refused request changed something");
    });
}
