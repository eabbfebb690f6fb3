//! The limits of an organization, at every write that could go beyond one.

mod beyond;
mod catalog;
mod names;
mod owners;

use kit::{Organization, World, run};
use serde_json::{Value, json};

fn play(test: impl AsyncFnOnce(&World, &Organization)) {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        test(world, &organization).await;
    });
}

fn texts(texts: impl IntoIterator<Item = impl Into<String>>) -> Value {
    texts.into_iter().map(|text| json!({"S": text.into()})).collect()
}

/// Stores a role in the table itself, as an older version of the product might have.
fn store_role(world: &World, organization: &Organization, name: &str, permissions: &Value) {
    world.put(&json!({
        "PK": {"S": format!("ORG#{}", organization.id)}, "SK": {"S": format!("ROLE#{name}")}, "name": {"S": name},
        "permissions": {"L": permissions}, "updated_at": {"N": "1700000000"}, "version": {"N": "7"},
    }));
}

/// Stores a group in the table itself.
fn store_group(world: &World, organization: &Organization, name: &str, roles: &Value) {
    world.put(&json!({
        "PK": {"S": format!("ORG#{}", organization.id)}, "SK": {"S": format!("GROUP#{name}")}, "name": {"S": name},
        "roles": {"L": roles}, "updated_at": {"N": "1700000000"}, "version": {"N": "7"},
    }));
}

/// Returns the names that a prefix and the numbers of a range make.
fn named(prefix: &str, numbers: std::ops::Range<u32>) -> Vec<String> {
    numbers.map(|number| format!("{prefix}{number}")).collect()
}

/// Returns what is stored of the usage of an organization: roles, groups, bytes of permissions.
fn usage(world: &World, organization: &Organization) -> [Value; 3] {
    let catalog = world.item(&format!("ORG#{}", organization.id), "CATALOG").unwrap();
    ["roles", "groups", "permission_bytes"].map(|name| catalog[name].clone())
}
