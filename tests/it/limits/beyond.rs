//! Data that is beyond a limit already: it is read, and can only shrink.

use kit::{Organization, World};
use serde_json::{Value, json};

use super::{group, named, play, role, store_catalog, store_roles, texts, usage};

fn wide(numbers: std::ops::Range<u32>) -> Vec<String> {
    numbers.map(|number| format!("{number:0>128}")).collect()
}

/// Stores 150 small roles and 3 wide ones, a group of 30 roles, and a machine and its key with 30 roles each.
async fn store(world: &World, organization: &Organization) -> Value {
    store_roles(world, organization, &named("r", 0..150));
    world.put_all(named("wide", 0..3).iter().map(|name| role(organization, name, wide(0..150))));
    world.put(&group(organization, "many", named("r", 0..30)));
    store_catalog(world, organization);
    let key = organization.machine_key().await;
    let (machine, suffix) = key["key_id"].as_str().unwrap().split_at(12);
    let partition = format!("USER#{machine}");
    let roles = json!({"L": texts(named("r", 0..30))});
    for sort in ["USER", &format!("KEY#{suffix}")] {
        world.set((&partition, sort), "roles", &roles);
    }
    key
}

#[test]
fn data_beyond_a_limit_is_read() {
    play(async |world, organization| {
        let key = store(world, organization).await;
        world.forget_organizations().await;
        let owner = &organization.owner;
        assert_eq!(owner.pages(&format!("{}/roles?", organization.path)).await.len(), 153);
        for (path, length) in [
            (format!("{}/groups/many", organization.path), 30),
            (organization.user_path(key["user_id"].as_str().unwrap()), 30),
            (organization.key_path(&key), 30),
        ] {
            let shown = owner.get(&path).await.expect(200);
            assert_eq!(shown["roles"].as_array().unwrap().len(), length, "{path}");
        }
        let caller = world.key(key["secret"]["token"].as_str().unwrap());
        let caller = caller.get("/v1/whoami").await.expect(200);
        assert_eq!((&caller["permissions"], caller["roles"].as_array().unwrap().len()), (&json!(["a"]), 30));
    });
}

#[test]
fn data_beyond_a_limit_can_only_shrink() {
    play(async |world, organization| {
        let key = store(world, organization).await;
        let owner = &organization.owner;
        let put = async |path: &str, member: &str, values: Vec<String>| {
            owner.put(&format!("{}/{path}", organization.path), json!({ member: values })).await
        };
        put("roles/more", "permissions", vec![]).await.expect_invalid("role", "100 roles");
        put("roles/r0", "permissions", named("p", 0..1)).await.expect_invalid("permissions", "49152 bytes");
        put("roles/wide0", "permissions", wide(0..151)).await.expect_invalid("permissions", "100 at most");
        put("roles/wide0", "permissions", wide(2..151)).await.expect_invalid("permissions", "100 at most");
        put("groups/many", "roles", named("r", 1..31)).await.expect_invalid("roles", "20 at most");
        for path in [organization.user_path(key["user_id"].as_str().unwrap()), organization.key_path(&key)] {
            let change = async |body| owner.patch(&path, body).await;
            change(json!({"roles": named("r", 1..31)})).await.expect_invalid("roles", "20 at most");
            change(json!({"name": "other"})).await.expect(200);
            change(json!({"roles": named("r", 1..30)})).await.expect(200);
            change(json!({"roles": named("r", 0..20)})).await.expect(200);
        }
        assert!(world.audit("role.updated").is_empty() && world.audit("group.updated").is_empty());

        put("groups/many", "roles", named("r", 1..30)).await.expect(200);
        put("roles/wide0", "permissions", wide(1..150)).await.expect(200);
        put("roles/r0", "permissions", vec![]).await.expect(200);
        owner.delete(&format!("{}/roles/wide1", organization.path)).await.expect(204);
        assert_eq!(usage(world, organization), [json!(152), json!(1), json!((149 + 150) * 128 + 149)]);
    });
}
