//! What was there at the restored instant, and what happened since.

use kit::{Organization, TableCopy, World};
use serde_json::{Value, json};

use super::callers::{Callers, Rights};
use crate::tokens::token;

/// The organizations of the drill, an earlier copy of the table, and the rights of everybody at the end of the old table.
pub(super) struct Scene {
    pub(super) organization: Organization,
    pub(super) copy: TableCopy,
    pub(super) callers: Callers,
    pub(super) rights: Rights,
    /// The versions of what was changed, at the end of the old table.
    pub(super) versions: Vec<u64>,
    /// The event of a deletion that was a mistake.
    pub(super) mistake: String,
    /// Ids by name: of keys, users and organizations.
    ids: Vec<(&'static str, String)>,
}

const KEYS: [&str; 12] = [
    "live",
    "steady",
    "revoked",
    "deleted",
    "rotated",
    "off",
    "off-on",
    "shortened",
    "narrowed",
    "leaked",
    "renamed",
    "mistaken",
];

impl Scene {
    /// Returns the id of something by its name.
    pub(super) fn id(&self, name: &str) -> &str {
        &self.ids.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("{name}")).1
    }

    /// Returns the first token of a key by its name.
    pub(super) fn token(&self, name: &str) -> &str {
        let start = format!("ak_{}_", self.id(name));
        self.callers.tokens().find(|token| token.starts_with(&start)).unwrap()
    }

    /// Returns ids by names, in order.
    pub(super) fn ids(&self, names: &[&str]) -> Vec<&str> {
        let mut ids: Vec<_> = names.iter().map(|name| self.id(name)).collect();
        ids.sort_unstable();
        ids
    }

    /// Returns the versions of a role, a group, a user and an organization that were changed.
    pub(super) fn stored_versions(&self, world: &World) -> Vec<u64> {
        let partition = format!("ORG#{}", self.organization.id);
        let (demoted, other) = (format!("USER#{}", self.id("demoted")), format!("ORG#{}", self.id("other")));
        let places = [
            (&partition, "ROLE#writer"),
            (&partition, "GROUP#operators"),
            (&demoted, "USER"),
            (&other, "ORG"),
        ];
        let version =
            |(partition, sort): (&String, &str)| world.item(partition, sort).unwrap()["version"].as_u64();
        places.into_iter().map(|place| version(place).unwrap()).collect()
    }

    fn add(&mut self, name: &'static str, id: &Value) {
        self.ids.push((name, id.as_str().unwrap().to_owned()));
    }

    fn key_path(&self, name: &str) -> String {
        format!("{}/access-keys/{}", self.organization.path, self.id(name))
    }

    /// Makes the organizations, copies the table, and changes much.
    pub(super) async fn play(world: &World) -> Self {
        let organization = world.organization("alice", "flexible").await;
        let copy = world.copy_table();
        let (callers, rights, versions, mistake, ids) = Default::default();
        let mut scene = Self { organization, copy, callers, rights, versions, mistake, ids };
        let keys = scene.begin(world).await;
        let other = world.organization("bob", "strict").await;
        scene.add("other", &json!(other.id));
        scene.callers.add_person("bob", &other);
        let key = other.machine_key().await;
        scene.callers.add_key(&key);
        scene.copy = world.copy_table();
        scene.change_keys(world, &keys).await;
        scene.change_users().await;
        scene.change_the_rest(&other).await;
        scene.create(world).await;
        scene.versions = scene.stored_versions(world);
        scene.rights = scene.callers.rights(world).await;
        scene
    }

    async fn begin(&mut self, world: &World) -> Vec<Value> {
        let owner = self.organization.owner.clone();
        let quota = json!({"policy": {"quota": {"machine": 20}}});
        owner.patch(&self.organization.path, quota).await.expect(200);
        for (name, permissions) in [
            ("reader", &["clusters:read"][..]),
            ("writer", &["clusters:*", "volumes:read"]),
            ("temporary", &["a"]),
        ] {
            self.organization.role(name, permissions).await;
        }
        let operators = format!("{}/groups/operators", self.organization.path);
        owner.put(&operators, json!({"roles": ["writer"]})).await.expect(200);
        self.callers.add_person("alice", &self.organization);
        for (name, kind) in [("dave", "owner"), ("erin", "normal"), ("frank", "normal")] {
            let id = self.organization.join_as(world, name, kind).await;
            self.add(name, &json!(id));
            self.callers.add_person(name, &self.organization);
        }
        let body = json!({"name": "laptop", "expires_in_days": 90});
        let key = world.person("dave").post(&self.organization.keys_of("me"), body).await.expect(201);
        self.callers.add_key(&key);
        self.add("dave's key", &key["key_id"]);
        let invited = self.organization.invite("carol").await;
        self.add("carol", &json!(invited));
        let ci = self.organization.machine_with("ci", &["reader", "writer"]).await;
        let mut keys = Vec::new();
        for name in KEYS {
            let key = self.organization.key(&ci, 90).await;
            self.add(name, &key["key_id"]);
            self.callers.add_key(&key);
            keys.push(key);
        }
        self.add("ci", &json!(ci));
        for name in ["gone", "held", "lifted", "demoted", "grouped"] {
            let roles: &[&str] = if name == "grouped" { &[] } else { &["writer", "temporary"] };
            let id = self.organization.machine_with(name, roles).await;
            let key = self.organization.key(&id, 90).await;
            self.callers.add_key(&key);
            self.add(name, &json!(id));
        }
        let grouped = self.organization.user_path(self.id("grouped"));
        owner.patch(&grouped, json!({"groups": ["operators"]})).await.expect(200);
        let lifted = self.organization.user_path(self.id("lifted"));
        owner.patch(&lifted, json!({"status": "suspended"})).await.expect(200);
        // The last of these changes of a key is restored, although its events lie in the time that is read.
        for active in [false, true] {
            owner.patch(&self.key_path("steady"), json!({"active": active})).await.expect(200);
        }
        keys
    }

    async fn change_keys(&mut self, world: &World, keys: &[Value]) {
        let owner = self.organization.owner.clone();
        owner.post(&format!("{}/revoke", self.key_path("revoked")), json!(null)).await.expect(200);
        owner.delete(&self.key_path("deleted")).await.expect(204);
        let rotate = format!("{}/rotate", self.key_path("rotated"));
        let rotated = owner.post(&rotate, json!({"overlap_seconds": 3_600})).await.expect(200);
        self.callers.add_key(&rotated);
        for (name, body) in [
            ("off", json!({"active": false})),
            ("off-on", json!({"active": false})),
            ("off-on", json!({"active": true})),
            ("shortened", json!({"expires_in_days": 30})),
            ("narrowed", json!({"roles": ["reader"]})),
            ("renamed", json!({"name": "build"})),
        ] {
            owner.patch(&self.key_path(name), body).await.expect(200);
        }
        let own = world.person("dave");
        for active in [false, true] {
            own.patch(&self.key_path("dave's key"), json!({"active": active})).await.expect(200);
        }
        owner.delete(&self.key_path("mistaken")).await.expect(204);
        let mut mistakes = world.audit("access_key.deleted");
        mistakes.retain(|event| event["target"]["id"] == self.id("mistaken"));
        mistakes[0]["audit_id"].as_str().unwrap().clone_into(&mut self.mistake);
        let leaked = &keys[KEYS.iter().position(|name| *name == "leaked").unwrap()];
        let report = json!({"tokens": [token(leaked)]});
        world.anonymous().post("/v1/leaked-keys", report).await.expect(202);
    }

    async fn change_users(&mut self) {
        let owner = self.organization.owner.clone();
        for name in ["gone", "erin"] {
            owner.delete(&self.organization.user_path(self.id(name))).await.expect(204);
        }
        for (name, body) in [
            ("held", json!({"status": "suspended"})),
            ("frank", json!({"status": "suspended"})),
            ("lifted", json!({"status": "active"})),
            ("demoted", json!({"roles": ["reader"]})),
            ("dave", json!({"kind": "normal"})),
            ("carol", json!({"email": "caroline@example.com"})),
        ] {
            owner.patch(&self.organization.user_path(self.id(name)), body).await.expect(200);
        }
        // Nobody has the address any more with which this person would be linked.
        self.callers.add_person("carol", &self.organization);
    }

    async fn change_the_rest(&mut self, other: &Organization) {
        let owner = self.organization.owner.clone();
        for first in ["a", "b", "c", "d", "clusters:create"] {
            self.organization.role("writer", &[first, "volumes:read"]).await;
        }
        owner.delete(&format!("{}/roles/temporary", self.organization.path)).await.expect(204);
        let operators = format!("{}/groups/operators", self.organization.path);
        owner.put(&operators, json!({"roles": ["reader"]})).await.expect(200);
        let policy = json!({"policy": {"quota": {"machine": 1}}});
        other.owner.patch(&other.path, policy).await.expect(200);
        other.owner.patch(&other.path, json!({"status": "suspended"})).await.expect(200);
    }

    /// Makes what is lost by the restore.
    async fn create(&mut self, world: &World) {
        let late = self.organization.key(self.id("ci"), 90).await;
        self.callers.add_key(&late);
        self.add("late", &late["key_id"]);
        let new = self.organization.machine("new").await;
        let key = self.organization.key(&new, 90).await;
        self.callers.add_key(&key);
        self.add("new's key", &key["key_id"]);
        self.add("new", &json!(new));
        let grace = self.organization.join_as(world, "grace", "owner").await;
        self.add("grace", &json!(grace));
        self.callers.add_person("grace", &self.organization);
        self.organization.role("late", &["a:b"]).await;
        let brief = self.organization.key(self.id("ci"), 90).await;
        let path = self.organization.key_path(&brief);
        self.organization.owner.delete(&path).await.expect(204);

        let lost = world.organization("carl", "strict").await;
        let key = lost.machine_key().await;
        self.callers.add_key(&key);
        self.add("lost", &json!(lost.id));
        let carl = lost.owner.get(&lost.user_path("me")).await.expect(200);
        self.add("carl", &carl["user_id"]);
        self.add("lost machine", &json!(&key["key_id"].as_str().unwrap()[..12]));
        self.add("lost key", &key["key_id"]);
    }
}
