//! What a decision tells a backend of a caller with many permissions.

use kit::{Options, RestRequest, World, run_with};
use serde_json::{Value, json};

use super::{carry, store_all, store_catalog, store_role};

fn one_instance() -> Options {
    Options { instance_cap: 1, ..Options::default() }
}

fn refusals(world: &World) -> usize {
    let lines = world.stack.logs().by_function("authorize-request");
    lines.iter().filter(|line| line.contains("context_too_large")).count()
}

/// Returns what a REST API is told of a key: the effect of the policy, and the context.
async fn told_rest(world: &World, key: &Value) -> (Value, Option<Value>) {
    let request = RestRequest::new("rest123", "GET", "/clusters/7", world.stack.clock().now());
    let request = request.header("x-access-key", key["secret"]["token"].as_str().unwrap());
    let answer = world.stack.invoke("authorize-request", &request.authorizer_event()).await.unwrap();
    (answer["policyDocument"]["Statement"][0]["Effect"].clone(), answer.get("context").cloned())
}

#[test]
fn a_context_above_20_kib_is_refused_and_logged() {
    run_with(one_instance(), async |world| {
        let organization = world.organization("alice", "flexible").await;
        // 158 permissions fit by themselves, and are too many together with the rest of the context.
        let [small, between, large] = [157, 158, 159].map(|permissions| {
            let role = format!("{permissions:0>64}");
            store_role(world, &organization, &role, (0..permissions).map(|number| format!("{number:0>128}")));
            role
        });
        store_catalog(world, &organization);
        let mut keys = Vec::new();
        for role in [small, between, large] {
            let key = organization.machine_key().await;
            carry(world, &key, "USER", "roles", [role]);
            keys.push(key);
        }
        world.forget_organizations().await;
        let client = |key: &Value| world.key(key["secret"]["token"].as_str().unwrap());
        let told = client(&keys[0]).get("/v1/whoami").await.expect(200);
        assert_eq!(told["permissions"].as_array().unwrap().len(), 157);
        let (effect, context) = told_rest(world, &keys[0]).await;
        let context = context.unwrap();
        let values = context.as_object().unwrap().values();
        let bytes: usize = values.map(|value| value.as_str().unwrap().len()).sum();
        assert!(effect == "Allow" && (20_300..=20_480).contains(&bytes), "{effect} {bytes}");
        assert_eq!(refusals(world), 0);
        // One more permission fills the context to its last byte, and a longer one does not fit.
        for (role, length, decided) in [("full", 20_479 - bytes, "Allow"), ("fuller", 20_480 - bytes, "Deny")]
        {
            let role = format!("{role:0>64}");
            let permissions = (0..157).map(|number| format!("{number:0>128}"));
            store_role(world, &organization, &role, permissions.chain(["p".repeat(length)]));
            store_catalog(world, &organization);
            carry(world, &keys[0], "USER", "roles", [role]);
            world.forget_organizations().await;
            assert_eq!(told_rest(world, &keys[0]).await.0, decided, "{length}");
        }
        let before = refusals(world);
        for (key, count) in keys[1..].iter().zip([2, 4]) {
            let items = world.items();
            client(key).get("/v1/whoami").await.expect_forbidden_by_gateway();
            assert_eq!(told_rest(world, key).await, (json!("Deny"), None));
            assert_eq!((refusals(world), world.items().len()), (before + count, items.len()));
        }
        let used =
            world.items_of(&format!("KEY#{}", super::suffix(&keys[2])))[0].get("last_used_at").cloned();
        assert_eq!(used, None, "a refused request changed something");
        // Introspection tells the holder of the secret all of them.
        let token = json!({"token": keys[2]["secret"]["token"]});
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

#[test]
fn a_page_of_permissions_ends_at_its_limit_or_at_1_000_sources() {
    run_with(one_instance(), async |world| {
        let organization = world.organization("alice", "flexible").await;
        let key = organization.machine_key().await;
        let roles: Vec<_> = (0..20).map(|number| format!("role{number}")).collect();
        for role in &roles {
            store_role(world, &organization, role, (0..60).map(|number| format!("p{number:0>2}:read")));
        }
        store_catalog(world, &organization);
        carry(world, &key, "USER", "roles", roles);
        world.forget_organizations().await;
        let path = format!("{}/permissions", organization.key_path(&key));
        for (limit, items) in [(1, 1), (49, 49), (100, 50)] {
            let page = organization.owner.get(&format!("{path}?limit={limit}")).await.expect(200);
            assert_eq!(page["items"].as_array().unwrap().len(), items, "{limit}");
            assert_eq!(page["items"][0]["sources"].as_array().unwrap().len(), 20);
        }
        assert_eq!(organization.owner.pages(&format!("{path}?limit=100")).await.len(), 60);
    });
}
