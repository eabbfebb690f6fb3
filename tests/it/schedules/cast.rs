use std::collections::HashMap;

use kit::{Client, World};
use local::dynoxide::{AttributeValue, ImportOptions, actions::scan::ScanRequest};
use serde_json::{Value, json};

/// A position in the cast.
pub(super) type Who = usize;

#[derive(Debug)]
pub(super) struct Person {
    pub(super) name: &'static str,
    pub(super) kind: &'static str,
    pub(super) has_address: bool,
}

/// The users of every organization.
pub(super) const CAST: [Person; 6] = [
    person("alice", "owner", true),
    person("olga", "owner", true),
    person("nick", "normal", true),
    person("pia", "normal", true),
    person("mona", "machine", true),
    person("max", "machine", false),
];

/// Made the organization.
pub(super) const ALICE: Who = 0;

/// Has a role that lets him write the keys of others.
pub(super) const NICK: Who = 2;

/// The lifetimes of the keys that each of the cast has, in days.
const LIFETIMES: [i64; 6] = [1, 5, 9, 26, 40, 90];

/// How many keys the cast has.
pub(super) const KEYS: usize = CAST.len() * LIFETIMES.len();

/// What the policies are made from, and whether owners, creators and modifiers hear of every key.
pub(super) const POLICIES: [(&str, &str, bool); 3] =
    [("strict", "none", false), ("strict", "any_time", false), ("flexible", "any_time", true)];

const fn person(name: &'static str, kind: &'static str, has_address: bool) -> Person {
    Person { name, kind, has_address }
}

/// Returns whose a key of the cast is, and who made it.
pub(super) fn made_by(key: usize) -> (Who, Who) {
    let user = key / LIFETIMES.len();
    let creator = match CAST[user].kind {
        "machine" if key.is_multiple_of(2) => NICK,
        "machine" => ALICE,
        _ => user,
    };
    (user, creator)
}

/// An organization made through the API, of which each schedule gets a copy under names of its own.
#[derive(Debug)]
pub(super) struct Original {
    id: String,
    user_ids: Vec<String>,
    keys: Vec<OriginalKey>,
    policies: Vec<Value>,
    items: Vec<Value>,
}

#[derive(Debug)]
struct OriginalKey {
    suffix: String,
    expires_at: i64,
    set_at: i64,
}

/// A schedule's organization.
#[derive(Debug)]
pub(super) struct Copied {
    pub(super) path: String,
    pub(super) user_ids: Vec<String>,
    pub(super) keys: Vec<CopiedKey>,
}

#[derive(Debug)]
pub(super) struct CopiedKey {
    pub(super) key_id: String,
    pub(super) expires_at: i64,
    pub(super) set_at: i64,
}

/// Kinds of items that are copied; what tells of how the original was made is not.
const COPIED: [&str; 6] = ["ORG", "ROLE#", "SUBJECT#", "EMAIL#", "USER", "KEY#"];

impl Original {
    /// Makes the organization, and takes it out of the table.
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
    pub(super) fn copy(&self, world: &World, name: u64, policy: usize, keys: &[usize]) -> Copied {
        let id = format!("Schedule{name:08}");
        let user_ids: Vec<_> = (0..CAST.len()).map(|who| format!("User{name:07}{who}")).collect();
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
        let copied = keys.iter().map(|key| {
            let OriginalKey { suffix, expires_at, set_at } = &self.keys[*key];
            let key_id = format!("{}{suffix}", user_ids[made_by(*key).0]);
            CopiedKey { key_id, expires_at: *expires_at, set_at: *set_at }
        });
        Copied { path: format!("/v1/organizations/{id}"), keys: copied.collect(), user_ids }
    }
}

async fn users(world: &World, path: &str) -> Vec<String> {
    let alice = client(world, ALICE);
    let role = json!({"permissions": ["access-keys:write", "access-keys:read"]});
    alice.put(&format!("{path}/roles/keys"), role.clone()).await.expect(200);
    alice.put(&format!("{path}/roles/other"), role).await.expect(200);
    let me = alice.get(&format!("{path}/users/me")).await.expect(200);
    let mut user_ids = vec![me["user_id"].as_str().unwrap().to_owned()];
    for Person { name, kind, has_address } in &CAST[1..] {
        let mut body = json!({"kind": kind, "name": name});
        if *has_address {
            body["email"] = json!(format!("{name}@example.com"));
        }
        if *name == CAST[NICK].name {
            body["roles"] = json!(["keys"]);
        }
        let made = alice.post(&format!("{path}/users"), body).await.expect(201);
        user_ids.push(made["user_id"].as_str().unwrap().to_owned());
    }
    user_ids
}

async fn keys(world: &World, path: &str, user_ids: &[String]) -> Vec<OriginalKey> {
    let mut keys = Vec::with_capacity(KEYS);
    for key in 0..KEYS {
        let (user, creator) = made_by(key);
        if creator != user && made_by(key - 1) == (user - 1, user - 1) {
            // Who may write the keys of others was not known to the authorizer before.
            world.forget_organizations().await;
        }
        let path = format!("{path}/users/{}/access-keys", user_ids[user]);
        let body = json!({"name": format!("k{key}"), "expires_in_days": LIFETIMES[key % LIFETIMES.len()]});
        let made = client(world, creator).post(&path, body).await.expect(201);
        keys.push(OriginalKey {
            suffix: made["key_id"].as_str().unwrap()[12..].to_owned(),
            expires_at: seconds(&made["expires_at"]).unwrap(),
            set_at: seconds(&made["created_at"]).unwrap(),
        });
    }
    keys
}

/// Signs one of the cast in.
pub(super) fn client(world: &World, who: Who) -> Client {
    world.person(CAST[who].name)
}

/// Reads a time as the API answers it; `None` for null.
pub(super) fn seconds(time: &Value) -> Option<i64> {
    Some(time.as_str()?.parse::<jiff::Timestamp>().unwrap().as_second())
}

/// Empties the table, and forgets the mails.
pub(super) async fn clear(world: &World) {
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
