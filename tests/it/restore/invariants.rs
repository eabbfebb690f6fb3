//! What must stay true of the table, whoever writes it.

use std::collections::{BTreeMap, BTreeSet};

use kit::{Item, World};
use serde_json::Value;

fn texts(value: &Value) -> BTreeSet<String> {
    value.as_array().into_iter().flatten().map(|one| one.as_str().unwrap().to_owned()).collect()
}

/// Checks live keys, owners, claims, links, the catalog and what decisions read of it, in all organizations.
pub(super) fn check(world: &World) {
    let items = world.items();
    let with =
        |sort: &'static str| items.iter().filter(move |item| item["SK"].as_str().unwrap().starts_with(sort));
    let exact = |sort: &'static str| items.iter().filter(move |item| item["SK"] == sort);
    let mut live: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for key in with("KEY#").filter(|key| !key.contains_key("revoked_at")) {
        let suffix = key["SK"].as_str().unwrap()["KEY#".len()..].to_owned();
        live.entry(key["PK"].to_string()).or_default().insert(suffix);
    }
    for user in exact("USER").filter(|user| user["status"] != "deleted") {
        let named: BTreeSet<String> = user["live_keys"].as_object().unwrap().keys().cloned().collect();
        assert_eq!(named, live.remove(&user["PK"].to_string()).unwrap_or_default(), "{user:?}");
    }
    for organization in exact("ORG").filter(|organization| organization["status"] != "deleted") {
        let id = organization["organization_id"].as_str().unwrap();
        let users: Vec<&Item> = exact("USER").filter(|user| user["organization_id"] == id).collect();
        let owners = |signed_in: bool| -> BTreeSet<String> {
            let counts = |user: &&&Item| {
                let active = user["kind"] == "owner" && user["status"] == "active";
                active && (!signed_in || user.contains_key("subject"))
            };
            users.iter().filter(counts).map(|user| user["user_id"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(texts(&organization["owner_ids"]), owners(false), "{id}");
        assert_eq!(texts(&organization["entered_owner_ids"]), owners(true), "{id}");
        check_claims(world, id, &users);
        check_catalog(world, id);
    }
}

fn check_claims(world: &World, id: &str, users: &[&Item]) {
    let partition = format!("ORG#{id}");
    let claimed = |prefix: &str| -> BTreeSet<(String, String)> {
        let last = format!("{prefix}~");
        let pointers = world.partition(&partition, (prefix, &last)).into_iter();
        let named = pointers
            .map(|one| (one["SK"].as_str().unwrap()[prefix.len()..].to_owned(), one["user_id"].to_string()));
        named.collect()
    };
    let held = |name: &str, machines: bool| -> BTreeSet<(String, String)> {
        let users = users
            .iter()
            .filter(|user| user["status"] != "deleted" && (machines || user["kind"] != "machine"));
        let texts = users
            .filter_map(|user| Some((user.get(name)?.as_str()?.to_owned(), user["user_id"].to_string())));
        texts.collect()
    };
    assert_eq!(claimed("EMAIL#"), held("email", false), "{id}");
    assert_eq!(claimed("SUBJECT#"), held("subject", true), "{id}");
}

fn check_catalog(world: &World, id: &str) {
    let partition = format!("ORG#{id}");
    let roles = world.partition(&partition, ("ROLE#", "ROLE#~"));
    let groups = world.partition(&partition, ("GROUP#", "GROUP#~"));
    let Some(catalog) = world.item(&partition, "CATALOG") else {
        assert!(roles.is_empty() && groups.is_empty(), "{id}");
        return;
    };
    assert_eq!((&catalog["roles"], &catalog["groups"]), (&roles.len().into(), &groups.len().into()), "{id}");
    let versions = roles.iter().chain(&groups).map(|one| one["version"].as_u64().unwrap());
    assert!(versions.max().unwrap_or_default() <= catalog["version"].as_u64().unwrap(), "{id}");
    let written =
        |role: &Item| format!("{} {}", role["name"].as_str().unwrap(), role["permissions"].as_str().unwrap());
    let expected: Vec<_> = roles.iter().map(|role| written(role).trim_end().to_owned()).collect();
    let decisions = world.item(&partition, "ORG#DECISIONS").unwrap();
    assert_eq!(decisions["permissions_of_roles"], expected.join(","), "{id}");
    let decided =
        decisions["roles_of_groups"].as_str().unwrap().split(',').filter(|text| !text.is_empty()).count();
    assert_eq!(decided, groups.len(), "{id}");
}
