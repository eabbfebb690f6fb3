//! The limits of an organization, at every write that could go beyond one.

mod beyond;
mod catalog;
mod contexts;
mod names;
mod owners;

use domain::{
    decision_catalog::DecisionCatalog,
    role::{Catalog, Group, Role},
};
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

/// Makes the item of a role or group with its permissions or roles.
fn entry(
    organization: &Organization,
    (kind, name): (&str, &str),
    member: &str,
    words: impl IntoIterator<Item = impl Into<String>>,
) -> Value {
    let words: Vec<String> = words.into_iter().map(Into::into).collect();
    json!({
        "PK": {"S": format!("ORG#{}", organization.id)}, "SK": {"S": format!("{kind}#{name}")}, "name": {"S": name},
        member: {"S": words.join(" ")}, "updated_at": {"N": "1700000000"}, "version": {"N": "7"},
    })
}

fn role(
    organization: &Organization,
    name: &str,
    permissions: impl IntoIterator<Item = impl Into<String>>,
) -> Value {
    entry(organization, ("ROLE", name), "permissions", permissions)
}

fn group(
    organization: &Organization,
    name: &str,
    roles: impl IntoIterator<Item = impl Into<String>>,
) -> Value {
    entry(organization, ("GROUP", name), "roles", roles)
}

/// Stores a role in the table itself.
pub(crate) fn store_role(
    world: &World,
    organization: &Organization,
    name: &str,
    permissions: impl IntoIterator<Item = impl Into<String>>,
) {
    world.put(&role(organization, name, permissions));
}

/// Stores roles of one permission, `a`, in the table itself.
fn store_roles(world: &World, organization: &Organization, names: &[String]) {
    world.put_all(names.iter().map(|name| role(organization, name, ["a"])));
}

/// Stores groups of one role in the table itself.
fn store_groups(world: &World, organization: &Organization, names: &[String], of: &str) {
    world.put_all(names.iter().map(|name| group(organization, name, [of])));
}

/// Stores the catalog of the roles and groups that stand in the table, as a change of one of them does.
pub(crate) fn store_catalog(world: &World, organization: &Organization) {
    let [roles, groups] = decision_texts(world, organization);
    world.put(&json!({
        "PK": {"S": format!("ORG#{}", organization.id)}, "SK": {"S": "ORG#DECISIONS"},
        "permissions_of_roles": {"S": roles}, "roles_of_groups": {"S": groups},
    }));
}

/// Returns what decisions should read of the roles and groups that stand in the table.
fn decision_texts(world: &World, organization: &Organization) -> [Value; 2] {
    let all = |kind: &str| {
        let range = (format!("{kind}#"), format!("{kind}#\u{7f}"));
        let items = world.partition(&format!("ORG#{}", organization.id), (&range.0, &range.1));
        items.into_iter().map(|item| json!(item))
    };
    let role = |item| serde_json::from_value(item).map(|role: Role| (role.name.clone(), role)).unwrap();
    let group = |item| serde_json::from_value(item).map(|group: Group| (group.name.clone(), group)).unwrap();
    let catalog =
        Catalog { roles: all("ROLE").map(role).collect(), groups: all("GROUP").map(group).collect() };
    let texts = serde_json::to_value(DecisionCatalog::of(&catalog)).unwrap();
    ["permissions_of_roles", "roles_of_groups"].map(|name| texts[name].clone())
}

/// Checks that decisions read what the roles and groups in the table say.
fn assert_catalog(world: &World, organization: &Organization) {
    let stored = world.item(&format!("ORG#{}", organization.id), "ORG#DECISIONS").unwrap();
    let stored = ["permissions_of_roles", "roles_of_groups"].map(|name| stored[name].clone());
    assert_eq!(stored, decision_texts(world, organization));
}

/// Returns the names that a prefix and the numbers of a range make.
pub(crate) fn named(prefix: &str, numbers: std::ops::Range<u32>) -> Vec<String> {
    numbers.map(|number| format!("{prefix}{number}")).collect()
}

/// Stores roles and groups at every limit, all carried by a key and by its user.
///
/// The permissions are as many, and so as short, as the limits allow. `first` is added to the first role.
pub(crate) fn store_all(world: &World, organization: &Organization, key: &Value, first: Option<&str>) {
    let roles = (0..100).map(|number| {
        let own = (0..97).map(|place| format!("a:{}", short(number * 97 + place)));
        let first = first.filter(|_| number == 0).map(str::to_owned);
        role(organization, &wide("r", number), own.chain(first))
    });
    world.put_all(roles);
    let groups = (0..100).map(|number| {
        let roles = (0..20).map(|place| wide("r", (number * 20 + place) % 100));
        group(organization, &wide("g", number), roles)
    });
    world.put_all(groups);
    store_catalog(world, organization);
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
    world.set((&partition, sort), attribute, &names);
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
