//! The limits of an organization, at every write that could go beyond one.

mod beyond;
mod catalog;
mod contexts;
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

pub(crate) fn texts(texts: impl IntoIterator<Item = impl Into<String>>) -> Value {
    texts.into_iter().map(|text| json!({"S": text.into()})).collect()
}

/// Stores a role in the table itself, as an older version of the product might have.
pub(crate) fn store_role(world: &World, organization: &Organization, name: &str, permissions: &Value) {
    world.put(&json!({
        "PK": {"S": format!("ORG#{}", organization.id)}, "SK": {"S": format!("ROLE#{name}")}, "name": {"S": name},
        "permissions": {"L": permissions}, "updated_at": {"N": "1700000000"}, "version": {"N": "7"},
    }));
}

/// Stores a group in the table itself.
pub(crate) fn store_group(world: &World, organization: &Organization, name: &str, roles: &Value) {
    world.put(&json!({
        "PK": {"S": format!("ORG#{}", organization.id)}, "SK": {"S": format!("GROUP#{name}")}, "name": {"S": name},
        "roles": {"L": roles}, "updated_at": {"N": "1700000000"}, "version": {"N": "7"},
    }));
}

/// Returns the names that a prefix and the numbers of a range make.
pub(crate) fn named(prefix: &str, numbers: std::ops::Range<u32>) -> Vec<String> {
    numbers.map(|number| format!("{prefix}{number}")).collect()
}

/// Stores roles and groups at every limit, all carried by a key and by its user.
///
/// The permissions are as many, and so as short, as the limits allow. `first` is added to the first role.
pub(crate) fn store_all(world: &World, organization: &Organization, key: &Value, first: Option<&str>) {
    for role in 0..100 {
        let own = (0..97).map(|number| format!("a:{}", short(role * 97 + number)));
        let first = first.filter(|_| role == 0).map(str::to_owned);
        store_role(world, organization, &wide("r", role), &texts(own.chain(first)));
    }
    for group in 0..100 {
        let roles = (0..20).map(|number| wide("r", (group * 20 + number) % 100));
        store_group(world, organization, &wide("g", group), &texts(roles));
    }
    for sort in ["USER", &format!("KEY#{}", suffix(key))] {
        for (attribute, prefix) in [("roles", "r"), ("groups", "g")] {
            carry(world, key, sort, attribute, (0..20).map(|number| wide(prefix, number)));
        }
    }
}

/// Sets the roles or groups of the user of a key, or of the key, in the table itself.
pub(crate) fn carry(
    world: &World,
    key: &Value,
    sort: &str,
    attribute: &str,
    names: impl IntoIterator<Item = String>,
) {
    let partition = format!("USER#{}", key["user_id"].as_str().unwrap());
    let names = json!({"L": texts(names)});
    world.update((&partition, sort), "SET #attribute = :value", attribute, &names);
}

pub(crate) fn suffix(key: &Value) -> &str {
    &key["key_id"].as_str().unwrap()[12..]
}

/// Returns a name of 64 characters.
fn wide(prefix: &str, number: u32) -> String {
    format!("{prefix}{number:0>63}")
}

/// Writes a number as three characters.
fn short(number: u32) -> String {
    let digit = |value: u32| char::from_digit(value % 36, 36).unwrap();
    [number / 1_296, number / 36, number].map(digit).iter().collect()
}

/// Returns what is stored of the usage of an organization: roles, groups, bytes of permissions.
fn usage(world: &World, organization: &Organization) -> [Value; 3] {
    let catalog = world.item(&format!("ORG#{}", organization.id), "CATALOG").unwrap();
    ["roles", "groups", "permission_bytes"].map(|name| catalog[name].clone())
}
