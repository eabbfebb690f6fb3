//! What a decision tells a backend of a caller with many permissions.

use kit::{Options, World, run_with};
use serde_json::json;

use super::{carry, store_all, store_role, texts};

fn one_instance() -> Options {
    Options { instance_cap: 1, ..Options::default() }
}

fn refusals(world: &World) -> usize {
    let lines = world.stack.logs().by_function("authorize-request");
    lines.iter().filter(|line| line.contains("context_too_large")).count()
}

#[test]
fn a_context_above_20_kib_is_refused_and_logged() {
    run_with(one_instance(), async |world| {
        let organization = world.organization("alice", "flexible").await;
        let (small, large) = (organization.machine_key().await, organization.machine_key().await);
        for (key, role, permissions) in [(&small, "small", 157), (&large, "large", 159)] {
            let permissions = (0..permissions).map(|number| format!("{number:0>128}"));
            store_role(world, &organization, role, &texts(permissions));
            carry(world, key, "USER", "roles", [role.to_owned()]);
        }
        world.forget_organizations().await;
        let client = |key: &serde_json::Value| world.key(key["secret"]["token"].as_str().unwrap());
        let told = client(&small).get("/v1/whoami").await.expect(200);
        assert_eq!(told["permissions"].as_array().unwrap().len(), 157);
        assert_eq!(refusals(world), 0);
        let before = world.items();
        client(&large).get("/v1/whoami").await.expect_forbidden_by_gateway();
        assert_eq!((refusals(world), world.items().len()), (1, before.len()));
        let key = super::suffix(&large);
        let used = world.items_of(&format!("KEY#{key}"))[0].get("last_used_at").cloned();
        assert_eq!(used, None, "a refused request changed something");
        // Introspection tells the holder of the secret all of them.
        let token = json!({"token": large["secret"]["token"]});
        let told = world.anonymous().post("/v1/introspect", token).await.expect(200);
        assert_eq!(told["scope"].as_str().unwrap().split(' ').count(), 159);
    });
}

#[test]
fn an_organization_at_every_limit_is_decided_on_and_explained_in_pages() {
    run_with(one_instance(), async |world| {
        let organization = world.organization("alice", "flexible").await;
        let key = organization.machine_key().await;
        store_all(world, &organization, &key, None);
        world.forget_organizations().await;
        let client = world.key(key["secret"]["token"].as_str().unwrap());
        client.get("/v1/whoami").await.expect_forbidden_by_gateway();
        let path = format!("{}/permissions", organization.key_path(&key));
        let mut seen = Vec::new();
        let mut cursor = String::new();
        for _ in 0..3 {
            let page = organization.owner.get(&format!("{path}?limit=100{cursor}")).await.expect(200);
            let items = page["items"].as_array().unwrap();
            assert!((1..=100).contains(&items.len()) && page["key_id"] == key["key_id"]);
            let sources: usize = items.iter().map(|item| item["sources"].as_array().unwrap().len()).sum();
            assert!(sources <= 1_100, "{sources}");
            seen.extend(items.iter().map(|item| item["permission"].as_str().unwrap().to_owned()));
            cursor = format!("&cursor={}", page["next_cursor"].as_str().unwrap());
        }
        assert!(seen.is_sorted_by(|one, next| one < next), "{seen:?}");
        let other = format!(
            "{}/permissions?limit=100{cursor}",
            organization.key_path(&organization.machine_key().await)
        );
        organization.owner.get(&other).await.expect_invalid("cursor", "this same list");
    });
}
