//! What people decide on the restored table, before a run of the replay and between two: no run loosens it.

use kit::{Item, Organization, Replayed, World, run};
use serde_json::{Value, json};

use super::{forged::Forged, invariants, patch_user};

/// Two organizations with targets that are changed in the old table, and then by people in the restored one.
struct Scene {
    organization: Organization,
    /// Organizations that a person suspends between two runs, and whose policy a person changes before the first.
    paused: Organization,
    ruled: Organization,
    /// Machines by name.
    users: Vec<(&'static str, String)>,
    key: Value,
}

const ROLES: [(&str, &[&str]); 5] = [
    ("narrowed", &["a:*"]),
    ("deleted", &["a:*"]),
    ("same", &["a:b"]),
    ("remade", &["a:*", "b"]),
    ("mixed", &["a:*", "b", "d"]),
];

const USERS: [&str; 6] = ["narrowed", "same", "later", "free", "mixed", "noted"];

impl Scene {
    async fn begin(world: &World) -> Self {
        let organization = world.organization("alice", "flexible").await;
        for (name, permissions) in ROLES {
            organization.role(name, permissions).await;
        }
        let mut scene = Self {
            paused: world.organization("bob", "strict").await,
            ruled: world.organization("carl", "strict").await,
            users: Vec::new(),
            key: json!(null),
            organization,
        };
        scene.group("wide", &["narrowed", "same"]).await;
        scene.group("mixed", &["narrowed", "same"]).await;
        for name in USERS {
            let id = scene.organization.machine_with(name, &["narrowed", "same"]).await;
            scene.users.push((name, id));
        }
        for name in ["later", "free", "mixed"] {
            scene.user(name, json!({"status": "suspended"})).await;
        }
        scene.key = scene.organization.key(scene.id("narrowed"), 90).await;
        scene
    }

    fn id(&self, name: &str) -> &str {
        &self.users.iter().find(|(known, _)| *known == name).unwrap().1
    }

    async fn user(&self, name: &str, body: Value) {
        patch_user(&self.organization, self.id(name), body).await;
    }

    async fn group(&self, name: &str, roles: &[&str]) {
        let path = format!("{}/groups/{name}", self.organization.path);
        self.organization.owner.put(&path, json!({"roles": roles})).await.expect(200);
    }

    async fn switch(&self, active: bool) {
        let path = self.organization.key_path(&self.key);
        self.organization.owner.patch(&path, json!({"active": active})).await.expect(200);
    }

    async fn delete_role(&self, name: &str) {
        self.organization.owner.delete(&format!("{}/roles/{name}", self.organization.path)).await.expect(204);
    }

    /// Changes the old table. Returns the events that the first run does not know yet.
    async fn change(&self, world: &World) -> Vec<String> {
        self.user("narrowed", json!({"roles": ["same"]})).await;
        for status in ["suspended", "active"] {
            self.user("same", json!({"status": status})).await;
            self.paused.owner.patch(&self.paused.path, json!({"status": status})).await.expect(200);
        }
        self.user("mixed", json!({"status": "active", "roles": ["same"]})).await;
        self.user("noted", json!({"name": "of the old table"})).await;
        self.organization.role("narrowed", &["a:b"]).await;
        self.delete_role("deleted").await;
        for permissions in [&["c"], &["a:b"]] {
            self.organization.role("same", permissions).await;
        }
        self.organization.role("remade", &["a:b"]).await;
        self.organization.role("mixed", &["a:b", "c:*"]).await;
        self.group("wide", &["same"]).await;
        self.group("mixed", &["same", "mixed"]).await;
        let policy = json!({"policy": {"quota": {"machine": 0, "owner": 9}}});
        self.ruled.owner.patch(&self.ruled.path, policy).await.expect(200);
        self.switch(false).await;
        let mut later = Vec::new();
        for name in ["later", "free"] {
            self.user(name, json!({"name": "new"})).await;
            self.user(name, json!({"status": "active"})).await;
            later.push(last(&world.audit("user.updated")));
        }
        let shorter = json!({"expires_in_days": 30});
        self.organization.owner.patch(&self.organization.key_path(&self.key), shorter).await.expect(200);
        later.push(last(&world.audit("access_key.updated")));
        later
    }

    /// Decides before the first run.
    async fn decide_first(&self) {
        self.user("mixed", json!({"roles": ["narrowed", "same", "mixed"]})).await;
        self.user("noted", json!({"name": "of a person"})).await;
        self.delete_role("remade").await;
        self.organization.role("remade", &["a:*"]).await;
        self.organization.role("mixed", &["a:*", "b", "c:d"]).await;
        self.group("mixed", &["narrowed", "same", "remade"]).await;
        let policy = json!({"policy": {"quota": {"machine": 2, "normal": 0}}});
        self.ruled.owner.patch(&self.ruled.path, policy).await.expect(200);
    }

    /// Decides between two runs, against what the first did.
    async fn decide_again(&self) {
        self.user("narrowed", json!({"roles": ["narrowed", "same"]})).await;
        self.user("same", json!({"status": "suspended"})).await;
        self.user("later", json!({"roles": []})).await;
        self.user("mixed", json!({"roles": ["narrowed"]})).await;
        self.organization.role("narrowed", &["a:*"]).await;
        self.organization.role("deleted", &["z"]).await;
        self.organization.role("same", &["a:*"]).await;
        self.group("wide", &["narrowed", "same"]).await;
        self.paused.owner.patch(&self.paused.path, json!({"status": "suspended"})).await.expect(200);
    }

    fn stored(&self, world: &World, name: &str) -> Item {
        world.item(&format!("USER#{}", self.id(name)), "USER").unwrap()
    }

    fn text(&self, world: &World, sort: &str, attribute: &str) -> String {
        let item = world.item(&format!("ORG#{}", self.organization.id), sort);
        item.map_or_else(String::new, |item| item[attribute].as_str().unwrap().to_owned())
    }

    /// Checks what the first run made of the changes, with and without a decision.
    fn check_first(&self, world: &World, replayed: &Replayed) {
        let permissions = |name: &str| self.text(world, &format!("ROLE#{name}"), "permissions");
        assert_eq!(["narrowed", "deleted", "same"].map(permissions), ["a:b", "", "a:b"]);
        assert_eq!(permissions("remade"), "a:*", "a role that somebody made anew stays");
        assert_eq!(permissions("mixed"), "a:b c:d", "it grants what both grant");
        let roles = |name: &str| self.text(world, &format!("GROUP#{name}"), "roles");
        assert_eq!(["wide", "mixed"].map(roles), ["same"; 2]);
        assert_eq!(self.stored(world, "narrowed")["roles"], json!(["same"]));
        let mixed = self.stored(world, "mixed");
        assert_eq!((&mixed["status"], &mixed["roles"]), (&json!("suspended"), &json!(["same"])));
        assert_eq!(self.stored(world, "noted")["name"], "of a person");
        for name in ["later", "free"] {
            let user = self.stored(world, name);
            let now = (&user["name"], &user["status"]);
            assert_eq!(now, (&json!("new"), &json!("suspended")), "only what an event changed is copied");
        }
        let quota = &world.item(&format!("ORG#{}", self.ruled.id), "ORG").unwrap()["policy"]["quota"];
        assert_eq!(*quota, json!({"owner": 1, "normal": 0, "machine": 0}));
        let mut left = vec![self.id("mixed"), self.id("noted"), &*self.ruled.id, "mixed", "mixed"];
        left.sort_unstable();
        assert_eq!(replayed.ids("left"), left);
        assert_eq!(replayed.ids("unresolved"), ["remade"]);
        assert_eq!(replayed.code, 2);
    }

    /// Checks that what was decided between two runs is as it was decided, though one of them knows new events.
    fn check_second(&self, world: &World, replayed: &Replayed) {
        let permissions = |name: &str| self.text(world, &format!("ROLE#{name}"), "permissions");
        assert_eq!(["narrowed", "deleted", "same", "remade"].map(permissions), ["a:*", "z", "a:*", "a:*"]);
        assert_eq!(self.text(world, "GROUP#wide", "roles"), "narrowed same");
        assert_eq!(self.stored(world, "narrowed")["roles"], json!(["narrowed", "same"]));
        assert_eq!(self.stored(world, "mixed")["roles"], json!(["narrowed"]));
        let status = |name: &str| self.stored(world, name)["status"].clone();
        assert_eq!(["same", "later", "free"].map(status), ["suspended", "suspended", "active"]);
        assert_eq!(world.item(&format!("ORG#{}", self.paused.id), "ORG").unwrap()["status"], "suspended");
        for id in [self.id("same"), self.id("later"), &*self.paused.id, "narrowed", "deleted", "same", "wide"]
        {
            assert!(replayed.ids("left").contains(&id), "{id}: {replayed:?}");
        }
        assert_eq!(replayed.ids("copied"), [self.id("free")]);
        assert_eq!(replayed.ids("unresolved"), ["remade"]);
    }
}

fn last(events: &[Item]) -> String {
    events.last().unwrap()["audit_id"].as_str().unwrap().to_owned()
}

#[test]
fn what_people_decide_on_the_restored_table_is_restricted_at_most() {
    run(async |world| {
        let scene = Scene::begin(world).await;
        let forged = Forged::begin(&scene.organization, &scene.ruled).await;
        let copy = world.copy_table();
        let later = scene.change(world).await;
        forged.change().await;
        world.restore(&copy);
        forged.put(world);
        scene.decide_first().await;
        let known: Vec<_> = later.iter().flat_map(|id| ["--except", id]).collect();
        let mut first = world.replay(&copy, &known).await;
        forged.check(world, &mut first).await;
        scene.check_first(world, &first);
        invariants::check(world);

        scene.decide_again().await;
        let planned = world.replay(&copy, &["--dry-run"]).await;
        let mut second = world.replay(&copy, &[]).await;
        assert_eq!(planned.lines, second.lines);
        forged.check(world, &mut second).await;
        scene.check_second(world, &second);
        invariants::check(world);

        // The second event of this key found it switched off already. It does not switch it off after a person's decision.
        scene.switch(true).await;
        let items = world.items().len();
        let mut third = world.replay(&copy, &[]).await;
        forged.check(world, &mut third).await;
        assert!(third.ids("switched_off").is_empty() && third.ids("copied").is_empty(), "{third:?}");
        assert_eq!(world.items().len(), items, "a run without new events writes nothing");
    });
}
