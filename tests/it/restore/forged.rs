//! Events that name what belongs to another organization, and events that cannot be used: they change nothing and are listed.

use kit::{Organization, Replayed, World};
use serde_json::{Value, json};

use super::patch_user;

/// What stands in items and may not be printed.
const HIDDEN: &str = "hidden-text";

/// A key and its user, whom events of another organization name, and a user who is one of another organization in the old table.
pub(super) struct Forged {
    victim: Organization,
    attacker: Organization,
    key: Value,
    user: String,
    moved: String,
}

impl Forged {
    pub(super) async fn begin(attacker: &Organization, victim: &Organization) -> Self {
        let (key, user) = (victim.machine_key().await, victim.machine("named").await);
        let (victim, attacker) = (victim.clone(), attacker.clone());
        Self { moved: attacker.machine("moved").await, victim, attacker, key, user }
    }

    pub(super) async fn change(&self) {
        patch_user(&self.attacker, &self.moved, json!({"name": "moved on"})).await;
    }

    fn key_id(&self) -> &str {
        self.key["key_id"].as_str().unwrap()
    }

    /// Stores the events in the old table.
    pub(super) fn put(&self, world: &World) {
        let (attacker, victim) = (&*self.attacker.id, &*self.victim.id);
        let line = "x\nrevoked\taccess_key\ty\tz\t";
        for (number, target, effect) in [
            (1, ("access_key", self.key_id()), "revoked"),
            (2, ("access_key", self.key_id()), "deleted"),
            (3, ("user", &*self.user), "narrowed"),
            (4, ("user", &*self.user), "deleted"),
            (5, ("user", line), "deleted"),
        ] {
            world.put_in_old_table(&event(world, number, (attacker, attacker), target, effect));
        }
        let target = ("access_key", self.key_id());
        world.put_in_old_table(&event(world, 6, (attacker, victim), target, "revoked"));
        let mut damaged = event(world, 7, (victim, victim), target, "revoked");
        damaged["changes"] = json!({"S": HIDDEN});
        world.put_in_old_table(&damaged);
        let moved = format!("USER#{}", self.moved);
        world.set_in_old_table((&moved, "USER"), "organization_id", &json!({"S": victim}));
    }

    /// Checks that the events changed nothing, and takes them out of the report.
    pub(super) async fn check(&self, world: &World, replayed: &mut Replayed) {
        world.key(self.key["secret"]["token"].as_str().unwrap()).get("/v1/whoami").await.expect(200);
        let moved = world.item(&format!("USER#{}", self.moved), "USER").unwrap();
        assert_eq!(moved["name"], "moved");
        let user = world.item(&format!("USER#{}", self.user), "USER").unwrap();
        assert_eq!((&user["status"], &user["version"]), (&json!("active"), &json!(1)));
        let output = format!("{replayed:?}");
        assert!(!output.contains(HIDDEN), "{output}");
        let foreign = "belongs to another organization";
        let events = [6, 7].map(|number| event_id(world, number));
        for (target, reason) in [
            (self.key_id(), foreign),
            (&*self.user, foreign),
            (&*self.moved, foreign),
            ("x revoked access_key y z ", "a newer version"),
            (&*events[0], "names another organization"),
            (&*events[1], "cannot be decoded"),
        ] {
            let found = replayed.lines.iter().position(|line| line[2] == target);
            let line = replayed.lines.remove(found.unwrap_or_else(|| panic!("{target}: {output}")));
            assert!(line[0] == "unresolved" && line[4].contains(reason), "{line:?}");
        }
    }
}

/// Makes the id of an event of the day of a test, which does not change in a test.
fn event_id(world: &World, number: u8) -> String {
    let day = u64::try_from(world.stack.clock().now().as_second() / 86_400 + 1).unwrap();
    ulid::Ulid::from_parts(day * 86_400_000, number.into()).to_string()
}

/// Writes an event of an organization, in the partition of the first of two. It names no changed field.
pub(super) fn event(
    world: &World,
    number: u8,
    (partition, organization_id): (&str, &str),
    (kind, target): (&str, &str),
    effect: &str,
) -> Value {
    let id = event_id(world, number);
    let actor = json!({"M": {"type": {"S": "user"}, "id": {"S": "x"}, "name": {"S": "x"}}});
    json!({
        "PK": {"S": format!("ORG#{partition}#AUDIT")}, "SK": {"S": id}, "audit_id": {"S": id},
        "organization_id": {"S": organization_id}, "at": {"N": world.stack.clock().now().as_second().to_string()},
        "actor": actor, "action": {"S": format!("{kind}.{effect}")},
        "target": {"M": {"type": {"S": kind}, "id": {"S": target}}}, "effect": {"S": effect},
        "source_ip": {"S": ""}, "request_id": {"S": ""}, "changes": {"M": {}},
    })
}
