//! Makes one organization through the API, and copies it for each scenario.

use std::collections::HashMap;

use kit::World;
use local::dynoxide::{AttributeValue, ImportOptions, actions::scan::ScanRequest};
use serde_json::{Value, json};

use super::fixtures::{ALICE, KEYS, LIFETIMES, NICK, PEOPLE, POLICIES, Person, client, made_by, seconds};

/// An organization made through the API. Each scenario gets a copy under ids of its own.
#[derive(Debug)]
pub(super) struct Template {
    id: String,
    user_ids: Vec<String>,
    keys: Vec<TemplateKey>,
    policies: Vec<Value>,
    items: Vec<Value>,
}

#[derive(Debug)]
struct TemplateKey {
    suffix: String,
    expires_at: i64,
    set_at: i64,
}

/// The organization of one scenario.
#[derive(Debug)]
pub(super) struct OrganizationCopy {
    pub(super) path: String,
    pub(super) user_ids: Vec<String>,
    pub(super) keys: Vec<KeyCopy>,
}

#[derive(Debug)]
pub(super) struct KeyCopy {
    pub(super) key_id: String,
    pub(super) expires_at: i64,
    pub(super) set_at: i64,
}

/// Sort keys of the items that are copied. Audit events and messages of the making are left out.
const COPIED: [&str; 6] = ["ORG", "ROLE#", "SUBJECT#", "EMAIL#", "USER", "KEY#"];

impl Template {
    /// Makes the organization, and removes it from the table.
    pub(super) async fn make(world: &World) -> Self {
        let mut paths = Vec::new();
        for (preset, extension, _) in POLICIES {
            let policy = json!({
                "preset": preset, "extension": extension, "quota": {"owner": 50, "normal": 50, "machine": 50},
            });
            let body = json!({"name": "Works", "policy": policy});
            let made = client(world, ALICE).post("/v1/organizations", body).await.expect(201);
            paths.push(made["organization_id"].as_str().unwrap().to_owned());
        }
        let id = paths[0].clone();
        let path = format!("/v1/organizations/{id}");
        let user_ids = users(world, &path).await;
        let keys = keys(world, &path, &user_ids).await;
        let all = items(world);
        let policy_of = |id: &String| {
            let of = |item: &&Value| item["PK"]["S"] == format!("ORG#{id}") && item["SK"]["S"] == "ORG";
            all.iter().find(of).unwrap()["policy"].clone()
        };
        let policies = paths.iter().map(policy_of).collect();
        clear(world).await;
        let ours = |item: &Value| {
            let (place, text) = (item["SK"]["S"].as_str().unwrap(), item.to_string());
            COPIED.iter().any(|kind| place.starts_with(kind)) && text.contains(&id)
        };
        let items = all.into_iter().filter(ours).collect();
        Self { id, user_ids, keys, policies, items }
    }

    /// Stores a copy with some of the keys under a policy.
    pub(super) fn copy(
        &self,
        (world, shards): (&World, u32),
        name: u64,
        policy: usize,
        keys: &[usize],
    ) -> OrganizationCopy {
        let id = format!("Scenario{name:08}");
        let user_ids: Vec<_> = (0..PEOPLE.len()).map(|who| format!("User{name:07}{who}")).collect();
        let kept: Vec<_> =
            keys.iter().map(|key| (made_by(*key).0, self.keys[*key].suffix.as_str())).collect();
        let items = self.items.iter().filter_map(|item| {
            let (partition, place) = (item["PK"]["S"].as_str().unwrap(), item["SK"]["S"].as_str().unwrap());
            let user = self.user_ids.iter().position(|id| partition == format!("USER#{id}"));
            let keep = |suffix: &str| kept.iter().any(|(of, kept)| Some(*of) == user && *kept == suffix);
            if place.strip_prefix("KEY#").is_some_and(|suffix| !keep(suffix)) {
                return None;
            }
            let mut item = item.clone();
            if item.get("due_shard").is_some() {
                item["due_shard"]["S"] = json!(due_shard(&id, shards).to_string());
            }
            if place == "ORG" {
                item["policy"] = self.policies[policy].clone();
            } else if place == "USER" {
                item["live_keys"]["M"].as_object_mut().unwrap().retain(|suffix, _| keep(suffix));
            }
            let renamed = self
                .user_ids
                .iter()
                .zip(&user_ids)
                .fold(item.to_string(), |text, (from, to)| text.replace(from, to));
            Some(serde_json::from_str(&renamed.replace(&self.id, &id)).unwrap())
        });
        let items = items.collect();
        world.stack.database().unwrap().import_items("access-keys", items, ImportOptions::default()).unwrap();
        let copies = keys.iter().map(|key| {
            let TemplateKey { suffix, expires_at, set_at } = &self.keys[*key];
            let key_id = format!("{}{suffix}", user_ids[made_by(*key).0]);
            KeyCopy { key_id, expires_at: *expires_at, set_at: *set_at }
        });
        OrganizationCopy { path: format!("/v1/organizations/{id}"), keys: copies.collect(), user_ids }
    }
}

/// Returns the shard of an organization: its CRC-32 (IEEE), as the table computes it.
fn due_shard(id: &str, shards: u32) -> u32 {
    let bit = |crc: u32| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
    let byte = |crc: u32, byte: u8| (0..8).fold(crc ^ u32::from(byte), |crc, _| bit(crc));
    !id.bytes().fold(u32::MAX, byte) % shards
}

async fn users(world: &World, path: &str) -> Vec<String> {
    let alice = client(world, ALICE);
    let role = json!({"permissions": ["access-keys:write", "access-keys:read"]});
    alice.put(&format!("{path}/roles/keys"), role.clone()).await.expect(200);
    alice.put(&format!("{path}/roles/other"), role).await.expect(200);
    let me = alice.get(&format!("{path}/users/me")).await.expect(200);
    let mut user_ids = vec![me["user_id"].as_str().unwrap().to_owned()];
    for Person { name, kind, has_address } in &PEOPLE[1..] {
        let mut body = json!({"kind": kind, "name": name});
        if *has_address {
            body["email"] = json!(format!("{name}@example.com"));
        }
        if *name == PEOPLE[NICK].name {
            body["roles"] = json!(["keys"]);
        }
        let made = alice.post(&format!("{path}/users"), body).await.expect(201);
        user_ids.push(made["user_id"].as_str().unwrap().to_owned());
        if *kind != "machine" {
            // The sign-in proves the address.
            world.person(name).get(&format!("{path}/users/me")).await.expect(200);
        }
    }
    user_ids
}

async fn keys(world: &World, path: &str, user_ids: &[String]) -> Vec<TemplateKey> {
    let mut keys = Vec::with_capacity(KEYS);
    for key in 0..KEYS {
        let (user, creator) = made_by(key);
        if creator != user && made_by(key - 1) == (user - 1, user - 1) {
            // PersonIndex may write the keys of others was not known to the authorizer before.
            world.forget_organizations().await;
        }
        let path = format!("{path}/users/{}/access-keys", user_ids[user]);
        let body = json!({"name": format!("k{key}"), "expires_in_days": LIFETIMES[key % LIFETIMES.len()]});
        let made = client(world, creator).post(&path, body).await.expect(201);
        keys.push(TemplateKey {
            suffix: made["key_id"].as_str().unwrap()[12..].to_owned(),
            expires_at: seconds(&made["expires_at"]).unwrap(),
            set_at: seconds(&made["created_at"]).unwrap(),
        });
    }
    keys
}

/// Empties the table and the list of sent mails.
pub(super) async fn clear(world: &World) {
    world.replace_items();
    world.anonymous().delete("/_local/emails").await.expect(204);
    let database = world.stack.database().unwrap();
    for item in items(world) {
        let request = json!({"TableName": "access-keys", "Key": {"PK": item["PK"], "SK": item["SK"]}});
        database.delete_item(serde_json::from_value(request).unwrap()).unwrap();
    }
}

/// Reads every item, in `DynamoDB`'s own JSON.
fn items(world: &World) -> Vec<Value> {
    type Stored = HashMap<String, AttributeValue>;
    let (database, mut items, mut start) = (world.stack.database().unwrap(), Vec::new(), None);
    loop {
        let request = ScanRequest {
            table_name: "access-keys".to_owned(),
            exclusive_start_key: start.take(),
            ..ScanRequest::default()
        };
        let page = database.scan(request).unwrap();
        let plain = |item: Stored| serde_json::to_value(item).unwrap();
        items.extend(page.items.unwrap_or_default().into_iter().map(plain));
        start = page.last_evaluated_key;
        if start.is_none() {
            return items;
        }
    }
}
