//! Which fields a run repeats: those of the events that it repeats, unless a person set them on the restored table.

use kit::{Organization, World, run};
use serde_json::{Value, json};

use super::{invariants, patch_user};

/// An organization with people who are changed in all their fields, and three whose own fields are changed.
struct Scene {
    organization: Organization,
    people: Vec<(&'static str, String)>,
    /// Organizations: one whose event is repeated, one whose event is excluded, and one that a person renames.
    others: [Organization; 3],
}

const PEOPLE: [(&str, &str); 5] = [
    ("copied", "normal"),
    ("excluded", "normal"),
    ("decided", "normal"),
    ("promoted", "normal"),
    ("demoted", "owner"),
];

impl Scene {
    async fn begin(world: &World) -> Self {
        let organization = world.organization("alice", "flexible").await;
        for name in ["a", "b"] {
            organization.role(name, &[name]).await;
            let path = format!("{}/groups/{name}", organization.path);
            organization.owner.put(&path, json!({"roles": [name]})).await.expect(200);
        }
        let mut people = Vec::new();
        for (name, kind) in PEOPLE {
            let id = organization.join_as(world, name, kind).await;
            patch_user(&organization, &id, json!({"roles": ["a"], "groups": ["a"]})).await;
            people.push((name, id));
        }
        people.push(("invited", organization.invite("invited").await));
        let mut others = Vec::new();
        for owner in ["bob", "carl", "dan"] {
            others.push(world.organization(owner, "flexible").await);
        }
        Self { organization, people, others: others.try_into().unwrap() }
    }

    fn id(&self, name: &str) -> &str {
        &self.people.iter().find(|(known, _)| *known == name).unwrap().1
    }

    async fn change(&self, name: &str, body: Value) {
        patch_user(&self.organization, self.id(name), body).await;
    }

    /// Reads a user: as the API shows it, and the address that a sign-in proved.
    async fn user(&self, world: &World, name: &str) -> (Value, Option<Value>) {
        let mut shown =
            self.organization.owner.get(&self.organization.user_path(self.id(name))).await.expect(200);
        shown.as_object_mut().unwrap().remove("version");
        let stored = world.item(&format!("USER#{}", self.id(name)), "USER").unwrap();
        (shown, stored.get("proven_email").cloned())
    }

    /// Reads what events change of an organization.
    fn stored(&self, world: &World, position: usize) -> Value {
        let stored = world.item(&format!("ORG#{}", self.others[position].id), "ORG").unwrap();
        json!({"name": stored["name"], "policy": stored["policy"], "status": stored["status"], "suspended_at": stored.get("suspended_at")})
    }
}

/// Returns a change of all fields of a user but its kind and status.
fn everything(name: &str, number: u32) -> Value {
    let ways = json!({"email": number == 2, "inbox": number == 3});
    json!({
        "name": format!("{name} {number}"), "email": format!("{name}{number}@example.com"), "roles": ["b"], "groups": ["b"],
        "notifications": {"key_expiring": ways},
    })
}

/// Signs a person in with an address, which proves it.
async fn sign_in(world: &World, organization: &Organization, name: &str, email: &str) {
    let token = world.stack.issuer().token(name, email, name);
    let person = world.anonymous().with_header("authorization", &format!("Bearer {token}"));
    person.get(&organization.user_path("me")).await.expect(200);
}

fn last(world: &World, action: &str) -> String {
    world.audit(action).last().unwrap()["audit_id"].as_str().unwrap().to_owned()
}

#[test]
fn a_field_is_repeated_if_its_event_is_and_no_person_has_set_it() {
    run(async |world| {
        let scene = Scene::begin(world).await;
        let [repeated, excluded, renamed] = &scene.others;
        let (unchanged, of_excluded) = (scene.user(world, "excluded").await.0, scene.stored(world, 1));
        let copy = world.copy_table();
        for name in ["copied", "excluded", "decided"] {
            scene.change(name, everything(name, 2)).await;
        }
        let mut exceptions =
            vec![world.audit("user.updated").iter().rev().nth(1).unwrap()["audit_id"].clone()];
        sign_in(world, &scene.organization, "copied", "copied2@example.com").await;
        scene.change("excluded", json!({"status": "suspended"})).await;
        scene.change("promoted", json!({"kind": "owner"})).await;
        scene.change("demoted", json!({"kind": "normal"})).await;
        scene.change("invited", json!({"email": "invited2@example.com"})).await;
        sign_in(world, &scene.organization, "invited", "invited2@example.com").await;
        let body = json!({"name": "of the old table", "policy": {"quota": {"machine": 7}}});
        for other in &scene.others {
            other.owner.patch(&other.path, body.clone()).await.expect(200);
            if other.id == excluded.id {
                exceptions.push(json!(last(world, "organization.updated")));
            }
        }
        for other in [repeated, excluded] {
            other.owner.patch(&other.path, json!({"status": "suspended"})).await.expect(200);
        }
        let (copied, of_repeated) = (scene.user(world, "copied").await, scene.stored(world, 0));
        let suspended_at = scene.stored(world, 1)["suspended_at"].clone();

        world.restore(&copy);
        let mine = everything("decided", 3);
        scene.change("decided", mine.clone()).await;
        scene.change("decided", json!({"roles": ["a", "b"], "groups": ["a", "b"]})).await;
        for name in ["promoted", "demoted", "invited"] {
            scene.change(name, json!({"name": "of a person"})).await;
        }
        renamed.owner.patch(&renamed.path, json!({"name": "of a person"})).await.expect(200);
        let arguments: Vec<_> = exceptions.iter().flat_map(|id| ["--except", id.as_str().unwrap()]).collect();
        let replayed = world.replay(&copy, &arguments).await;
        assert_eq!((replayed.code, replayed.error.as_str()), (0, ""), "{replayed:?}");
        invariants::check(world);
        let mut left = vec![scene.id("decided"), scene.id("promoted"), &*renamed.id];
        left.sort_unstable();
        assert_eq!(replayed.ids("left"), left);

        assert_eq!(scene.user(world, "copied").await, copied);
        assert_eq!(copied.1, Some(json!("copied2@example.com")), "the same person proved it");
        let mut expected = unchanged;
        expected["status"] = json!("suspended");
        assert_eq!(scene.user(world, "excluded").await.0, expected);
        let decided = scene.user(world, "decided").await.0;
        for field in ["name", "email", "roles", "groups"] {
            assert_eq!(decided[field], mine[field], "{field}");
        }
        assert_eq!(decided["notifications"]["key_expiring"], mine["notifications"]["key_expiring"]);
        for name in ["promoted", "demoted"] {
            assert_eq!(scene.user(world, name).await.0["kind"], "normal", "{name}");
        }
        let invited = scene.user(world, "invited").await;
        let nobody_signed_in = (&json!("invited2@example.com"), &json!(false), None);
        assert_eq!((&invited.0["email"], &invited.0["signed_in"], invited.1), nobody_signed_in);

        assert_eq!(scene.stored(world, 0), of_repeated);
        let mut expected = of_excluded;
        (expected["status"], expected["suspended_at"]) = (json!("suspended"), suspended_at);
        assert_eq!(scene.stored(world, 1), expected);
        let of_renamed = scene.stored(world, 2);
        assert_eq!((&of_renamed["name"], &of_renamed["status"]), (&json!("of a person"), &json!("active")));
    });
}
