//! Events near the restored instant: it is the event that counts, and not its second.

use kit::{Item, Organization, Replayed, World, key_of};
use serde_json::{Value, json};

use super::callers::Callers;

/// A key that is renamed and rotated in one second, before and after the copy; one whose revocation began before the copy;
/// and one whose rotation is restored as an event alone.
pub(super) struct Boundary {
    organization: Organization,
    rotated: Value,
    revoked: Value,
    torn: Value,
    steady: Value,
}

/// More events than one read of an organization's history takes, and more bytes than one read of a scan.
const MANY: u64 = 1_100;

impl Boundary {
    pub(super) async fn begin(world: &World, callers: &mut Callers) -> Self {
        let organization = world.organization("alice", "flexible").await;
        let machine = organization.machine("ci").await;
        let (rotated, revoked) = (organization.key(&machine, 90).await, organization.key(&machine, 90).await);
        let torn = organization.key(&organization.machine("torn").await, 90).await;
        let steady = organization.key(&organization.machine("steady").await, 90).await;
        for key in [&rotated, &revoked, &torn, &steady] {
            callers.add_key(key);
        }
        let renamed = json!({"name": "renamed in this second"});
        organization.owner.patch(&organization.key_path(&rotated), renamed).await.expect(200);
        for active in [false, true] {
            let body = json!({"active": active});
            organization.owner.patch(&organization.key_path(&steady), body).await.expect(200);
        }
        store_many(world, &organization.id, &machine);
        Self { organization, rotated, revoked, torn, steady }
    }

    pub(super) async fn change(&self, world: &World, callers: &mut Callers) {
        let Self { organization, rotated, revoked, torn, .. } = self;
        for (key, later) in [(rotated, 0), (torn, 5)] {
            world.travel(later);
            let rotate = format!("{}/rotate", organization.key_path(key));
            callers.add_key(&organization.owner.post(&rotate, json!(null)).await.expect(200));
        }
        // This request began minutes before the restored instant, and was stored after it.
        world.travel(-600);
        let revoke = format!("{}/revoke", organization.key_path(revoked));
        world.person("alice").post(&revoke, json!(null)).await.expect(200);
        world.travel(0);
    }

    /// Stores the event of a rotation in the restored table.
    pub(super) fn tear(&self, world: &World, rotations: &[Item]) {
        let of_torn = |event: &&Item| event["target"]["id"] == self.torn["key_id"];
        let event = rotations.iter().find(of_torn).unwrap();
        world.put_from_old_table(event["PK"].as_str().unwrap(), event["SK"].as_str().unwrap());
    }

    /// Lets the change before the copy have the second of the one after it.
    pub(super) fn move_to_one_second(&self, world: &World) {
        let key_id = self.id();
        let rotated = world.item(&format!("USER#{}", &key_id[..12]), &format!("KEY#{}", &key_id[12..]));
        let rotated = rotated.unwrap();
        let second = rotated["updated_at"].as_i64().unwrap() + 60;
        world.set(key_of(&rotated), "updated_at", &json!({"N": second.to_string()}));
    }

    fn id(&self) -> &str {
        self.rotated["key_id"].as_str().unwrap()
    }

    pub(super) fn check(&self, replayed: &Replayed) {
        for key in [&self.rotated, &self.torn] {
            assert!(replayed.ids("switched_off").contains(&key["key_id"].as_str().unwrap()), "{replayed:?}");
        }
        let steady = &self.steady["key_id"];
        assert!(!replayed.lines.iter().any(|line| *steady == line[2]), "its events are held: {replayed:?}");
        assert_eq!(replayed.ids("revoked"), [self.revoked["key_id"].as_str().unwrap()]);
    }

    /// Tells whether a caller, who came at the end of the old table, does not any more.
    pub(super) fn ends(&self, caller: &str) -> bool {
        [&self.rotated, &self.torn].iter().any(|key| caller.contains(key["key_id"].as_str().unwrap()))
    }
}

/// Stores many events of a user after those that there are.
fn store_many(world: &World, organization_id: &str, user_id: &str) {
    let at = world.stack.clock().now();
    let first = u64::try_from(at.as_millisecond()).unwrap() + 1;
    let event = |number: u64| {
        let id = ulid::Ulid::from_parts(first, u128::from(number)).to_string();
        let named = json!({"M": {"type": {"S": "user"}, "id": {"S": user_id}, "name": {"S": "x"}}});
        json!({
            "PK": {"S": format!("ORG#{organization_id}#AUDIT")}, "SK": {"S": id}, "audit_id": {"S": id},
            "organization_id": {"S": organization_id}, "at": {"N": at.as_second().to_string()}, "actor": named,
            "action": {"S": "user.updated"}, "target": named, "effect": {"S": "narrowed"}, "source_ip": {"S": ""},
            "request_id": {"S": ""}, "changes": {"M": {"name": {"S": "x".repeat(1_000)}}},
        })
    };
    world.put_all((0..MANY).map(event));
}
